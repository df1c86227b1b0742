#include "kmalloc/shortage.h"

#include <stdint.h>

#include "base/host.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/shrinkers.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

// Not for sizes that what is free could never serve.
bool collect(size_t size) {
    if (size > page_stats_of_all().mapped * kPageSize) return false;
    size_t released = trim_everything();
    for_each_page_allocator([&released](page_allocator& pages) { released += pages.release_address_space(); });
    return released > 0;
}

}  // namespace

bool try_again(gfp_t gfp, size_t size, unsigned attempt) {
    // What no machine has is no reason to wait for ever.
    bool must = (gfp & __GFP_NOFAIL) != 0 && size <= PTRDIFF_MAX;
    // Who wants no new slab is content with none.
    if (((gfp & __GFP_WAIT) == 0 && !must) || (gfp & SLAB_NO_GROW) != 0) return false;
    // Two tries: after what is free was collected, and after the program gave up what it can spare.
    if (!must && attempt >= 2) return false;
    if (must && attempt >= 2) host_yield();
    if ((attempt == 0 || must) && collect(size)) return true;
    if ((gfp & __GFP_NORETRY) == 0 && shrinkers_call(gfp)) {
        collect(size);
        return true;
    }
    return must;
}

}  // namespace kslab
