#include "os/vdso.h"

#include "os/elf_symbols.h"
#include "os/environment.h"

namespace kslab {

namespace {
bool vdso_forgotten = false;
}

void vdso_forget(bool forgotten) { vdso_forgotten = forgotten; }

void* find_in_vdso(const char* name) {
    auto* header = static_cast<const ElfW(Ehdr)*>(start_block().vdso);
    if (header == nullptr || vdso_forgotten) return nullptr;
    ElfW(Addr) at = reinterpret_cast<ElfW(Addr)>(header);
    auto* segment = reinterpret_cast<const ElfW(Phdr)*>(at + header->e_phoff);
    ElfW(Addr) base = at;
    const ElfW(Phdr)* dynamic = nullptr;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD) base = at + segment[i].p_offset - segment[i].p_vaddr;
        if (segment[i].p_type == PT_DYNAMIC) dynamic = &segment[i];
    }
    if (dynamic == nullptr) return nullptr;
    auto* section = reinterpret_cast<const ElfW(Dyn)*>(at + dynamic->p_offset);
    const ElfW(Sym)* symbol = find_symbol(read_dynamic(section, base), name);
    return symbol == nullptr ? nullptr : reinterpret_cast<void*>(base + symbol->st_value);
}

}  // namespace kslab
