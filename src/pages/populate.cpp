#include "pages/populate.h"

#include "base/bits.h"
#include "os/memory.h"
#include "pages/clear.h"

namespace kslab {

namespace {

constexpr size_t kLeastPages = 4;
// Whoever waits for the call waits some tens of milliseconds at most.
constexpr size_t kMostPages = (size_t{32} << 20) >> kPageShift;
// What is populated for nothing is no more than the program has anyway.
constexpr size_t kPartOfUsed = 4;
constexpr unsigned kSamples = 6;
constexpr unsigned kZeroedSamples = 16;
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

bool holds_something(const run* r, size_t page) {
    const auto* word = reinterpret_cast<const uintptr_t*>(r->start + page * kPageSize);
    if (!os_readable(const_cast<uintptr_t*>(word))) return false;
    for (size_t i = 0; i < kPageSize / sizeof *word; i++)
        if (word[i] != 0) return true;
    return false;
}

// One page in each of so many parts, each time another: tables may be touched in regular steps. How many held something; no more
// are looked at when so many did, or so many did not.
unsigned pages_held(const run* r, unsigned samples, unsigned most_held, unsigned most_empty) {
    static relaxed<uint32_t> pages_seen;
    size_t part = r->pages / samples;
    unsigned held = 0;
    for (unsigned i = 0; i < samples && held < most_held && i - held < most_empty; i++) {
        uint64_t place = (pages_seen += 1) * 0x9e3779b1u;  // by 2^32: the golden ratio's multiples lie evenly
        if (holds_something(r, r->pages * i / samples + (place * part >> 32))) held++;
    }
    return held;
}

}  // namespace

void populate_like_others(run* r) {
    r->watched = r->zeroed = false;
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
    if (r->zeroed) return note_zeroed_use(r->pages, pages_held(r, kZeroedSamples, kZeroedSamples / 2, kZeroedSamples), kZeroedSamples);
    if (r->pages < kLeastPages || r->pages > kMostPages) return;  // it was resized
    size_group& group = size_groups[log2_floor(r->pages)];
    bool whole = pages_held(r, kSamples, kSamples, 1) == kSamples;
    group.credit = whole ? kCreditEach : uint8_t{0};
    if (!whole) group.pause = kPauseAfterPart;
}

void populate_for_copy(const run* r, size_t bytes) {
    size_t pages = pages_for(bytes);
    if (is_fresh(r) && pages >= kLeastPages && pages <= r->pages) os_populate(r->memory(), pages * kPageSize);
}

}  // namespace kslab
