#include "pages/populate.h"

#include "base/bits.h"
#include "os/memory.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

constexpr size_t kLeastPages = 4;
// Whoever waits for the call waits some tens of milliseconds at most.
constexpr size_t kMostPages = (size_t{32} << 20) >> kPageShift;
// What is populated for nothing is no more than the program has anyway.
constexpr size_t kPartOfUsed = 4;
constexpr uint8_t kCreditEach = 4;
// Looking at a page that nobody touched costs a fault: where objects are used in part, it is done seldom.
constexpr uint8_t kPauseAfterPart = 16;

// Hints: two threads at once may lose one of theirs.
struct size_group {
    relaxed<uint8_t> credit;
    relaxed<uint8_t> pause;  // so many fresh runs are not watched
};
size_group size_groups[log2_floor(kMostPages) + 1];

bool is_fresh(const run* r) {
    return (r->content == run_content::zero || r->mixed) && r->pages >= kLeastPages && r->pages <= kMostPages;
}

}  // namespace

void populate_like_others(run* r) {
    if (!is_fresh(r)) return;
    size_group& group = size_groups[log2_floor(r->pages)];
    bool watched = !r->mixed;  // what was there before is no sign of use
    bool small = r->pages <= all_pages.used() / kPartOfUsed;
    if (uint8_t credit = group.credit; credit > 0 && small) {
        group.credit = static_cast<uint8_t>(credit - 1);
        os_populate(r->memory(), r->pages * kPageSize);
    } else if (uint8_t pause = group.pause; pause > 0) {
        group.pause = static_cast<uint8_t>(pause - 1);
        watched = false;
    }
    if (watched) r->watch = run_watch::fresh;
}

void note_fresh_use(size_t pages, pages_seen seen) {
    size_group& group = size_groups[log2_floor(pages)];
    bool whole = seen.held == kFreshLook.samples;
    group.credit = whole ? kCreditEach : uint8_t{0};
    if (!whole) group.pause = kPauseAfterPart;
}

void populate_for_copy(const run* r, size_t bytes) {
    size_t pages = pages_for(bytes);
    if (is_fresh(r) && pages >= kLeastPages && pages <= r->pages) os_populate(r->memory(), pages * kPageSize);
}

}  // namespace kslab
