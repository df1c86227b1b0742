#include "kmalloc/large.h"

#include "cache/bad_free.h"
#include "pages/clear.h"
#include "pages/page_allocator.h"
#include "pages/populate.h"
#include "pages/watch.h"

namespace kslab {

run* large_allocate(const large_request& request) {
    size_t count = pages_for(request.size);
    page_allocator& from = request.low ? low_pages : all_pages;
    run* r = from.allocate({.pages = count,
                       .align_pages = request.align <= kPageSize ? 1 : request.align / kPageSize,
                       .sparse = request.zero && zeroed_is_sparse(count),
                       .reserve = request.reserve});
    if (KSLAB_UNLIKELY(r == nullptr)) return nullptr;
    if (request.zero)
        clear_run(r);
    else
        populate_like_others(r);
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
