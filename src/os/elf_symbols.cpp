#include "os/elf_symbols.h"

#include "base/format.h"

namespace kslab {

namespace {

// Addresses in the dynamic section are relocated by the loader, or not, depending on the machine.
template <typename T>
const T* located(ElfW(Addr) base, ElfW(Addr) value) {
    return reinterpret_cast<const T*>(value < base ? base + value : value);
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
const ElfW(Sym)* find_gnu(const dynamic_symbols& in, const char* name) {
    uint32_t buckets = in.gnu_hash[0];
    uint32_t first = in.gnu_hash[1];
    uint32_t filter_words = in.gnu_hash[2];
    const uint32_t* bucket = in.gnu_hash + 4 + filter_words * (sizeof(ElfW(Addr)) / 4);
    const uint32_t* chain = bucket + buckets;
    if (buckets == 0) return nullptr;
    uint32_t hash = gnu_hash_of(name);
    uint32_t index = bucket[hash % buckets];
    if (index < first) return nullptr;
    for (;; index++) {
        uint32_t entry = chain[index - first];
        if ((entry | 1) == (hash | 1) && defines(in.table[index], in, name)) return &in.table[index];
        if ((entry & 1) != 0) return nullptr;
    }
}

bool names(const ElfW(Rela)* relocations, size_t bytes, size_t symbol) {
    for (size_t i = 0; relocations != nullptr && i < bytes / sizeof *relocations; i++)
        if (relocations[i].r_info >> 32 == symbol) return true;
    return false;
}

}  // namespace

dynamic_symbols read_dynamic(const ElfW(Dyn)* dynamic, ElfW(Addr) base) {
    dynamic_symbols symbols;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        ElfW(Addr) value = dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
            case DT_SYMTAB: symbols.table = located<ElfW(Sym)>(base, value); break;
            case DT_STRTAB: symbols.names = located<char>(base, value); break;
            case DT_GNU_HASH: symbols.gnu_hash = located<uint32_t>(base, value); break;
            case DT_HASH: symbols.hash = located<ElfW(Word)>(base, value); break;
            case DT_JMPREL: symbols.plt_relocations = located<ElfW(Rela)>(base, value); break;
            case DT_PLTRELSZ: symbols.plt_bytes = value; break;
            case DT_RELA: symbols.relocations = located<ElfW(Rela)>(base, value); break;
            case DT_RELASZ: symbols.relocation_bytes = value; break;
            default: break;
        }
    }
    return symbols;
}

const ElfW(Sym)* find_symbol(const dynamic_symbols& in, const char* name) {
    if (in.table == nullptr || in.names == nullptr) return nullptr;
    if (in.gnu_hash != nullptr) return find_gnu(in, name);
    if (in.hash == nullptr) return nullptr;
    for (ElfW(Word) i = 0; i < in.hash[1]; i++)
        if (defines(in.table[i], in, name)) return &in.table[i];
    return nullptr;
}

bool is_relocated(const dynamic_symbols& in, const ElfW(Sym)* symbol) {
    auto number = static_cast<size_t>(symbol - in.table);
    return names(in.plt_relocations, in.plt_bytes, number) || names(in.relocations, in.relocation_bytes, number);
}

}  // namespace kslab
