#include "pages/watch.h"

#include "os/memory.h"
#include "pages/clear.h"
#include "pages/populate.h"

namespace kslab {

namespace {

enum class page_use : uint8_t { unknown, empty, held };

page_use use_of_page(uintptr_t page) {
    const auto* word = reinterpret_cast<const uintptr_t*>(page);
    // It may be the program's, and inaccessible; or the kernel does not tell.
    if (!os_readable(const_cast<uintptr_t*>(word))) return page_use::unknown;
    for (size_t i = 0; i < kPageSize / sizeof *word; i++)
        if (word[i] != 0) return page_use::held;
    return page_use::empty;
}

relaxed<uint32_t> looks;

// One page in each of so many parts, each time another: tables may be touched in regular steps. The first is always looked at.
template <look wanted>
pages_seen look_at(const run* r) {
    size_t part = r->pages / wanted.samples;
    pages_seen seen{};
    for (unsigned i = 0; i < wanted.samples && seen.held < wanted.most_held && seen.empty < wanted.most_empty; i++) {
        uint64_t place = i == 0 ? 0 : (looks += 1) * 0x9e3779b1u;  // by 2^32: the golden ratio's multiples lie evenly
        page_use use = use_of_page(r->start + (r->pages * i / wanted.samples + (place * part >> 32)) * kPageSize);
        if (use == page_use::unknown) return {};
        use == page_use::held ? seen.held++ : seen.empty++;
        if (i == 0) seen.first_held = use == page_use::held;
    }
    return seen;
}

}  // namespace

void note_use(run* r) {
    run_watch watch = r->watch;
    if (KSLAB_LIKELY(watch == run_watch::none)) return;
    r->watch = run_watch::none;
    if (watch == run_watch::fresh)
        note_fresh_use(r->pages, look_at<kFreshLook>(r));
    else
        note_zeroed_use(r->pages, look_at<kZeroedLook>(r));
}

}  // namespace kslab
