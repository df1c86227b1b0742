#include "kmalloc/shortage.h"

#include <stdint.h>

#include <atomic>

#include "base/check.h"
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

// For KSLAB_VERBOSE: a program that goes on without the memory, or ends, seldom says which limit it met.
void say_limit() {
    static std::atomic<bool> said{false};
    if (active_options.verbose == on_off::off || !page_allocator::limit_refused()) return;
    if (!said.exchange(true, std::memory_order_relaxed)) report_line()->put("KSLAB_LIMIT is reached: allocations fail (said once)");
}

bool worth_another_try(gfp_t gfp, size_t size, unsigned attempt) {
    // What no machine has is no reason to wait for ever.
    bool must = (gfp & __GFP_NOFAIL) != 0 && size <= PTRDIFF_MAX;
    if ((gfp & __GFP_WAIT) == 0 && !must) return false;
    // Two tries: after what is free was collected, and after the program gave up what it can spare.
    if (!must && attempt >= 2) return false;
    if (must && attempt >= 2) {
        say_limit();
        host_yield();
    }
    if ((attempt == 0 || must) && collect(size)) return true;
    if ((gfp & __GFP_NORETRY) == 0 && shrinkers_call(gfp)) {
        collect(size);
        return true;
    }
    return must;
}

}  // namespace

bool try_again(gfp_t gfp, size_t size, unsigned attempt) {
    // Who wants no new slab is content with none.
    if ((gfp & SLAB_NO_GROW) != 0) return false;
    if (worth_another_try(gfp, size, attempt)) return true;
    say_limit();
    return false;
}

}  // namespace kslab
