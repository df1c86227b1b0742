#include "pages/populate.h"

#include "base/bits.h"
#include "os/memory.h"

namespace kslab {

namespace {

constexpr size_t kLeastPages = 4;
// Whoever waits for the call waits some tens of milliseconds at most.
constexpr size_t kMostPages = (size_t{32} << 20) >> kPageShift;
// What is populated for nothing is no more than the program has anyway.
constexpr size_t kPartOfUsed = 4;
constexpr unsigned kSamples = 6;
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

bool holds_something(const run* r, unsigned sample) {
    // Not all of these lie at a power of two, where sparse tables are touched.
    const auto* word = reinterpret_cast<const uintptr_t*>(r->start + r->pages * (2 * sample + 1) / (2 * kSamples) * kPageSize);
    if (!os_readable(const_cast<uintptr_t*>(word))) return false;
    for (size_t i = 0; i < kPageSize / sizeof *word; i++)
        if (word[i] != 0) return true;
    return false;
}

}  // namespace

void populate_like_others(run* r) {
    r->watched = false;
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
    r->watched = watched;
}

void note_use(run* r) {
    if (KSLAB_LIKELY(!r->watched)) return;
    r->watched = false;
    if (r->pages < kLeastPages || r->pages > kMostPages) return;  // it was resized
    size_group& group = size_groups[log2_floor(r->pages)];
    for (unsigned i = 0; i < kSamples; i++) {
        if (holds_something(r, i)) continue;
        group.credit = 0;
        group.pause = kPauseAfterPart;
        return;
    }
    group.credit = kCreditEach;
}

void populate_for_copy(const run* r, size_t bytes) {
    size_t pages = pages_for(bytes);
    if (is_fresh(r) && pages >= kLeastPages && pages <= r->pages) os_populate(r->memory(), pages * kPageSize);
}

}  // namespace kslab
