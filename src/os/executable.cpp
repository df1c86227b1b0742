#include "os/executable.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>

#include "base/format.h"
#include "os/environment.h"

#pragma weak dlsym

namespace kslab {

namespace {

struct dynamic_symbols {
    const ElfW(Sym)* table = nullptr;
    const char* names = nullptr;
    const uint32_t* gnu_hash = nullptr;
    const ElfW(Word)* hash = nullptr;
};

// Addresses in the dynamic section are relocated by the loader, or not, depending on the machine.
template <typename T>
const T* located(ElfW(Addr) base, ElfW(Addr) value) {
    return reinterpret_cast<const T*>(value < base ? base + value : value);
}

dynamic_symbols read_dynamic(const ElfW(Dyn)* dynamic, ElfW(Addr) base) {
    dynamic_symbols symbols;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        ElfW(Addr) value = dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
            case DT_SYMTAB: symbols.table = located<ElfW(Sym)>(base, value); break;
            case DT_STRTAB: symbols.names = located<char>(base, value); break;
            case DT_GNU_HASH: symbols.gnu_hash = located<uint32_t>(base, value); break;
            case DT_HASH: symbols.hash = located<ElfW(Word)>(base, value); break;
            default: break;
        }
    }
    return symbols;
}

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

bool defines(const ElfW(Sym)& symbol, const dynamic_symbols& in, const char* name) {
    return symbol.st_shndx != SHN_UNDEF && strings_equal(in.names + symbol.st_name, name);
}

uint32_t gnu_hash_of(const char* name) {
    uint32_t hash = 5381;
    for (; *name != '\0'; name++) hash = hash * 33 + static_cast<unsigned char>(*name);
    return hash;
}

// The table holds defined symbols only: bucket count, first symbol, words and shift of a filter, the filter,
// buckets, and for each symbol its hash with the lowest bit set at the end of a chain.
bool find_gnu(const dynamic_symbols& in, const char* name) {
    uint32_t buckets = in.gnu_hash[0];
    uint32_t first = in.gnu_hash[1];
    uint32_t filter_words = in.gnu_hash[2];
    const uint32_t* bucket = in.gnu_hash + 4 + filter_words * (sizeof(ElfW(Addr)) / 4);
    const uint32_t* chain = bucket + buckets;
    if (buckets == 0) return false;
    uint32_t hash = gnu_hash_of(name);
    uint32_t index = bucket[hash % buckets];
    if (index < first) return false;
    for (;; index++) {
        uint32_t entry = chain[index - first];
        if ((entry | 1) == (hash | 1) && defines(in.table[index], in, name)) return true;
        if ((entry & 1) != 0) return false;
    }
}

}  // namespace

bool executable_defines(const char* name) {
    dynamic_symbols symbols = executable_symbols();
    if (symbols.table == nullptr || symbols.names == nullptr) return false;
    if (symbols.gnu_hash != nullptr) return find_gnu(symbols, name);
    if (symbols.hash == nullptr) return false;
    for (ElfW(Word) i = 0; i < symbols.hash[1]; i++)
        if (defines(symbols.table[i], symbols, name)) return true;
    return false;
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
