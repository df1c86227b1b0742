// What include/kslab/inline.h knows of the core. Whoever has to change a line here gives the symbols
// kslab_static_library_..._layout_1 the next number, in that header and in thread/thread.cpp.
#include "kslab/inline.h"

#include "cache/kmem_cache.h"
#include "thread/thread_cache.h"

namespace kslab {

static_assert(__builtin_offsetof(kslab_inline_thread, vector) == __builtin_offsetof(thread_cache, vector));
static_assert(__builtin_offsetof(kslab_inline_thread, vector_bytes) == __builtin_offsetof(thread_cache, vector_bytes));
static_assert(sizeof(kslab_inline_thread::vector_bytes) == sizeof(thread_cache::vector_bytes));

static_assert(__builtin_offsetof(array_slot, hot) == 0, "the offset of a slot is that of its array");

static_assert(__builtin_offsetof(kslab_inline_array, avail) == __builtin_offsetof(array_cache, avail));
static_assert(__builtin_offsetof(kslab_inline_array, limit) == __builtin_offsetof(array_cache, limit));
static_assert(sizeof(kslab_inline_array::avail) == sizeof(array_cache::avail));
static_assert(sizeof(kslab_inline_array::limit) == sizeof(array_cache::limit));
static_assert(__builtin_offsetof(kslab_inline_array, entry) == __builtin_offsetof(array_cache, entry));

static_assert(__builtin_offsetof(kmem_cache, vector_offset) == 0);
static_assert(sizeof(kmem_cache::vector_offset) == sizeof(unsigned));

static_assert(sizeof(malloc_slots[0]) == sizeof(unsigned short));
static_assert(kSmallestClass == 8 && kFastMaximum == 8192, "the sizes that kmalloc inlines");

}  // namespace kslab
