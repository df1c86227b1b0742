#include "os/executable.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>

#include "base/format.h"
#include "os/environment.h"

#pragma weak dlsym
#pragma weak dlopen

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

dynamic_symbols executable_symbols() {
    const process_start& start = start_block();
    auto* header = static_cast<const ElfW(Phdr)*>(start.phdr);
    if (header == nullptr) return {};
    ElfW(Addr) base = 0;
    const ElfW(Phdr)* dynamic = nullptr;
    for (size_t i = 0; i < start.phdr_count; i++) {
        if (header[i].p_type == PT_PHDR) base = reinterpret_cast<ElfW(Addr)>(header) - header[i].p_vaddr;
        if (header[i].p_type == PT_DYNAMIC) dynamic = &header[i];
    }
    if (dynamic == nullptr) return {};
    return read_dynamic(reinterpret_cast<const ElfW(Dyn)*>(base + dynamic->p_vaddr), base);
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

void* next_definition(const char* name) {
    if (&dlsym == nullptr) return nullptr;
    int saved = errno;
    void* found = dlsym(RTLD_NEXT, name);
    errno = saved;
    return found;
}

void* loaded_definition(const char* file, const char* name) {
    if (&dlsym == nullptr || &dlopen == nullptr) return nullptr;
    int saved = errno;
    void* library = dlopen(file, RTLD_LAZY | RTLD_NOLOAD);
    void* found = library == nullptr ? nullptr : dlsym(library, name);
    errno = saved;
    return found;
}

}  // namespace kslab
