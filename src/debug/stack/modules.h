// Which file an address of code belongs to, without the loader's locks: /proc/self/maps, cached.
#pragma once
#include "base/attributes.h"

namespace kslab {

inline constexpr size_t kMaxBuildId = 20;

struct module_place {
    const char* path = nullptr;   // "[vdso]" and the like for what is no file; null: in no mapping
    uintptr_t offset = 0;         // the address as the file's own (ELF virtual address)
    unsigned char build_id[kMaxBuildId];
    unsigned build_id_length = 0;
};

// Reads the maps while /proc is there; programs may leave it behind with chroot.
void modules_boot();

// Valid until the next call; with report_lock. Reads the maps again when the address is in none that is known.
module_place module_of(uintptr_t address);

}  // namespace kslab
