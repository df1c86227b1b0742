#include "kmalloc/large.h"

#include "cache/bad_free.h"
#include "pages/page_allocator.h"
#include "pages/populate.h"

namespace kslab {

// Above so much a zeroed run takes fresh pages although dirty ones wait: tables of that size are often sparse, and clearing
// them all would make them resident. Below it clearing what is warm costs less than touching what is not.
constexpr size_t kFreshPages = ((size_t{4} << 20) >> kPageShift) + 1;

run* large_allocate(const large_request& request) {
    size_t count = pages_for(request.size);
    page_allocator& from = request.low ? low_pages : all_pages;
    run* r = from.allocate({.pages = count,
                       .align_pages = request.align <= kPageSize ? 1 : request.align / kPageSize,
                       .zero = request.zero && count >= kFreshPages,
                       .reserve = request.reserve});
    // What has to read as zero is a table, perhaps, and those are often sparse.
    if (r != nullptr && !request.zero) populate_like_others(r);
    return r;
}

void large_check_in_use(const run* r, const void* object) {
    if (KSLAB_UNLIKELY(r->state != run_state::used))
        report_bad_free(bad_free::twice, object);
    if (KSLAB_UNLIKELY(r->memory() != object)) report_bad_free(bad_free::inside_run, object);
}

void large_free(run* r, const void* object) {
    large_check_in_use(r, object);
    // Of two threads that free the same run one comes too late.
    if (KSLAB_UNLIKELY(!r->state.change(run_state::used, run_state::leaving)))
        report_bad_free(bad_free::twice, object);
    note_use(r);
    release_run(r);
}

size_t large_usable(const run* r) { return r->pages * kPageSize; }

}  // namespace kslab
