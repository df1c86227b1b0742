#include "os/module_function.h"

#include <sys/uio.h>

#include "os/elf_symbols.h"
#include "os/environment.h"
#include "os/executable.h"
#include "os/syscall.h"

namespace kslab {

namespace {

// Whether memory could be copied; nothing faults.
bool read_memory(uintptr_t from, void* into, size_t bytes) {
    iovec local{into, bytes};
    iovec remote{reinterpret_cast<void*>(from), bytes};
    // By the thread: when the first has ended, the process's number leads to no memory.
    long process = raw_syscall(SYS_gettid);
    return raw_syscall(SYS_process_vm_readv, process, reinterpret_cast<long>(&local), 1, reinterpret_cast<long>(&remote),
                       1, 0) == static_cast<long>(bytes);
}

struct program_headers {
    uintptr_t at = 0;
    size_t count = 0;
};

// The executable's are known from the start; a non-PIE one has no ELF header at its base, which is 0.
program_headers headers_of(uintptr_t address, uintptr_t base) {
    const process_start& start = start_block();
    if (executable_contains(reinterpret_cast<const void*>(address)))
        return {reinterpret_cast<uintptr_t>(start.phdr), start.phdr_count};
    ElfW(Ehdr) header;
    if (!read_memory(base, &header, sizeof header) || __builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {};
    return {base + header.e_phoff, header.e_phnum};
}

// Nothing where there are none.
dynamic_symbols symbols_of(uintptr_t address, uintptr_t base) {
    program_headers headers = headers_of(address, base);
    for (size_t i = 0; i < headers.count; i++) {
        ElfW(Phdr) header;
        if (!read_memory(headers.at + i * sizeof header, &header, sizeof header)) break;
        if (header.p_type == PT_DYNAMIC) return read_dynamic(reinterpret_cast<const ElfW(Dyn)*>(base + header.p_vaddr), base);
    }
    return {};
}

}  // namespace

bool address_in_function(uintptr_t address, uintptr_t base, const char* name) {
    const ElfW(Sym)* symbol = find_symbol(symbols_of(address, base), name);
    return symbol != nullptr && address - (base + symbol->st_value) < symbol->st_size;
}

bool binds_to_itself(uintptr_t address, uintptr_t base, const char* name) {
    dynamic_symbols symbols = symbols_of(address, base);
    const ElfW(Sym)* symbol = find_symbol(symbols, name);
    return symbol != nullptr && !is_relocated(symbols, symbol);
}

}  // namespace kslab
