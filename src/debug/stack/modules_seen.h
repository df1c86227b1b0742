// Modules that stacks led through, remembered beyond their dlclose: a plugin's leaks are found when it is long gone.
// Entries are only added, without the loader's locks or any other; nobody waits, and what cannot be noted now is noted
// with the next new stack. Where glibc has no _dl_find_object (2.34), nothing is remembered.
#pragma once
#include "debug/stack/modules.h"

namespace kslab {

// Looks for the loader's function.
void modules_seen_boot();

// The modules of these frames of a stack that was never seen before; any thread, any locks held.
void modules_note(const uintptr_t* frames, unsigned count);

// What lay at the address last; false when nothing is known.
bool module_seen_at(uintptr_t address, module_place& place);

// Whether the module that is loaded there now exports that function, and uses no other's.
bool module_binds_to_itself(uintptr_t address, const char* function);

// The build-id among ELF notes; length 0 when there is none.
struct note_span {
    size_t at = 0;
    size_t length = 0;
};
note_span find_build_id_note(const unsigned char* notes, size_t bytes, size_t align);

}  // namespace kslab
