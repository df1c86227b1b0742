// Pointers and programs that are not kslab's.
//
// A foreign pointer in free or realloc (a plugin loaded with RTLD_DEEPBIND that allocates from libc, a library
// with half a malloc of its own) is forwarded to the next malloc in the process when that one's heap is in use
// and the pointer may be its; otherwise it is reported, and the program stops.
//
// When the executable itself defines malloc, kslab stands down: every name is forwarded to its next
// definition, because what the executable frees would otherwise come from two heaps.
#pragma once
#include <malloc.h>

#include "check/debug_table.h"

namespace kslab {

struct malloc_functions {
    void* (*malloc)(size_t);
    void (*free)(void*);
    void* (*calloc)(size_t, size_t);
    void* (*realloc)(void*, size_t);
    void* (*memalign)(size_t, size_t);
    size_t (*usable_size)(void*);
    struct mallinfo2 (*info)();
};

// The definitions behind kslab's in the search order; missing ones fail with ENOMEM.
const malloc_functions& next_malloc();

bool standing_down();
// Looks at the executable; once, at boot.
void decide_standing_down();

void free_foreign(void* object, const call& how);
void* realloc_foreign(void* object, size_t size);
size_t usable_size_foreign(const void* object);

}  // namespace kslab
