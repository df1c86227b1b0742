// The page allocator's statements. Called by the validator (debug/object/validate_heap.h) and by tests.
#include "pages/page_allocator.h"

namespace kslab {

const char* page_allocator::validate_run(const run* r) const {
    if (r->state != run_state::free) return "a run on a free list is not free";
    if (page_owner_of(r->memory()).run() != r) return "the first page of a free run does not map to it";
    if (page_owner_of(reinterpret_cast<void*>(r->end() - kPageSize)).run() != r)
        return "the last page of a free run does not map to it";
    if (const run* behind = free_behind(r); behind != nullptr && behind->content == r->content)
        return "two free runs side by side are not merged";
    if (page_value(r->memory()) != 0) return "a page of a free run has a value";
    return nullptr;
}

const char* page_allocator::validate() {
    scoped_lock lock(lock_);
    size_t free_pages = 0;
    for (size_t content = 0; content < 3; content++) {
        const char* wrong = nullptr;
        size_t sum = 0;
        bins_[content].for_each([&](const run* r) {
            if (wrong == nullptr) wrong = validate_run(r);
            if (wrong == nullptr && static_cast<size_t>(r->content) != content) wrong = "a run is in the wrong bins";
            sum += r->pages;
        });
        if (wrong != nullptr) return wrong;
        if (sum != count_[content]) return "the count of free pages is not the sum over the free runs";
        free_pages += sum;
    }
    if (used_ + free_pages != mapped_) return "used and free pages do not sum up to the mapped ones";
    return nullptr;
}

}  // namespace kslab
