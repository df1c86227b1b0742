// Large allocations: runs of whole pages. The run itself is the object: its owner entry in the page map leads
// to the descriptor, and its state tells a second free from the first.
#pragma once
#include "pages/run.h"

namespace kslab {

struct large_request {
    size_t size;
    size_t align;          // any power of two
    bool zero = false;     // the pages have to read as zero
    bool reserve = false;  // as of page_request
    bool low = false;      // below 2 GiB
};

// From the page allocator. Null when memory is short or the size cannot be.
run* large_allocate(const large_request& request);

// Reports and aborts when `object` is not the start of `r`, or the run is free already.
void large_free(run* r, const void* object);
void large_check_in_use(const run* r, const void* object);

size_t large_usable(const run* r);

}  // namespace kslab
