// Frees that cannot be honoured. In release mode each of them ends in one line and abort(). The state of the
// allocator is untouched, and a SIGABRT handler may allocate and fork.
#pragma once
#include "cache/kmem_cache.h"

namespace kslab {

enum class bad_free : uint8_t {
    twice,        // the object is free already
    interior,     // inside a slab, but no object begins there
    wrong_cache,  // kmem_cache_free with another cache's object
    not_ours,     // no slab and no run of kslab's
    inside_run,   // inside a large allocation
    freed_pages,  // inside pages that are free
};

// `owner` is the cache that the object was about to return to, or null.
[[noreturn]] KSLAB_NOINLINE void report_bad_free(bad_free what, const void* object, const kmem_cache* owner = nullptr);

// Of an object on its way to a slab of `cache`, whichever of the first four it is.
[[noreturn]] KSLAB_NOINLINE void report_bad_return(const void* object, const kmem_cache* cache);

}  // namespace kslab
