#include "os/executable.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "base/format.h"
#include "os/elf_symbols.h"
#include "os/environment.h"

#pragma weak dlsym

namespace kslab {

namespace {

struct executable {
    const ElfW(Phdr)* header = nullptr;
    size_t count = 0;
    ElfW(Addr) base = 0;
};

// The program headers lie behind the ELF header in the first segment; where they are and where they should be
// tells how far the executable was moved.
executable find_executable() {
    const process_start& start = start_block();
    executable exe{static_cast<const ElfW(Phdr)*>(start.phdr), start.phdr_count, 0};
    if (exe.header == nullptr) return {};
    ElfW(Addr) at = reinterpret_cast<ElfW(Addr)>(exe.header);
    for (size_t i = 0; i < exe.count; i++) {
        const ElfW(Phdr)& header = exe.header[i];
        if (header.p_type == PT_LOAD && header.p_offset == 0) exe.base = at - sizeof(ElfW(Ehdr)) - header.p_vaddr;
    }
    return exe;
}

dynamic_symbols executable_symbols() {
    executable exe = find_executable();
    for (size_t i = 0; i < exe.count; i++)
        if (exe.header[i].p_type == PT_DYNAMIC)
            return read_dynamic(reinterpret_cast<const ElfW(Dyn)*>(exe.base + exe.header[i].p_vaddr), exe.base);
    return {};
}

}  // namespace

bool executable_defines(const char* name) {
    return find_symbol(executable_symbols(), name) != nullptr;
}

bool executable_contains(const void* address) {
    executable exe = find_executable();
    ElfW(Addr) where = reinterpret_cast<ElfW(Addr)>(address);
    for (size_t i = 0; i < exe.count; i++) {
        const ElfW(Phdr)& header = exe.header[i];
        if (header.p_type == PT_LOAD && where - (exe.base + header.p_vaddr) < header.p_memsz) return true;
    }
    return false;
}

namespace {

struct search_order {
    bool libc_seen;
    bool behind;
};

bool contains(const dl_phdr_info* object, const void* address) {
    ElfW(Addr) where = reinterpret_cast<ElfW(Addr)>(address);
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr)& header = object->dlpi_phdr[i];
        if (header.p_type == PT_LOAD && where - (object->dlpi_addr + header.p_vaddr) < header.p_memsz) return true;
    }
    return false;
}

bool is_libc(const char* path) {
    if (path == nullptr) return false;
    const char* name = path;
    for (const char* p = path; *p != '\0'; p++)
        if (*p == '/') name = p + 1;
    return strings_equal(name, "libc.so.6");
}

// Objects come in the order in which symbols are searched; what dlopen loads comes last.
int look_at_object(dl_phdr_info* object, size_t, void* context) {
    auto* order = static_cast<search_order*>(context);
    if (contains(object, reinterpret_cast<const void*>(&behind_libc))) {
        order->behind = order->libc_seen;
        return 1;
    }
    if (is_libc(object->dlpi_name)) order->libc_seen = true;
    return 0;
}

}  // namespace

bool behind_libc() {
    search_order order{false, false};
    dl_iterate_phdr(look_at_object, &order);
    return order.behind;
}

void* next_definition(const char* name) {
    if (&dlsym == nullptr) return nullptr;
    int saved = errno;
    // There is nothing behind a library that dlopen loaded.
    void* found = dlsym(behind_libc() ? RTLD_DEFAULT : RTLD_NEXT, name);
    errno = saved;
    return found;
}

}  // namespace kslab
