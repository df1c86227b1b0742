// Looking up a symbol in the dynamic section of an object that is mapped.
#pragma once
#include <elf.h>
#include <link.h>

#include "base/attributes.h"

namespace kslab {

struct dynamic_symbols {
    const ElfW(Sym)* table = nullptr;
    const char* names = nullptr;
    const uint32_t* gnu_hash = nullptr;
    const ElfW(Word)* hash = nullptr;
    const ElfW(Rela)* plt_relocations = nullptr;
    size_t plt_bytes = 0;
    const ElfW(Rela)* relocations = nullptr;
    size_t relocation_bytes = 0;
};

// `base` is how far the object was moved from the addresses that it was linked for.
dynamic_symbols read_dynamic(const ElfW(Dyn)* dynamic, ElfW(Addr) base);

// The symbol that the object defines under that name; null when it defines none.
const ElfW(Sym)* find_symbol(const dynamic_symbols& in, const char* name);

// Whether the loader looks that symbol of the object up for it: another object's may take its place.
bool is_relocated(const dynamic_symbols& in, const ElfW(Sym)* symbol);

}  // namespace kslab
