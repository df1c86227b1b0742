#include "kmalloc/populate.h"

#include "base/bits.h"
#include "os/memory.h"

namespace kslab {

namespace {

constexpr size_t kLeastPages = 4;
// Whoever waits for the call waits some milliseconds at most.
constexpr size_t kMostPages = (size_t{64} << 20) >> kPageShift;
// Only so large a run is completed from fresh neighbours (pages/page_allocator.cpp): a smaller one is all warm or all fresh.
constexpr size_t kMixedPages = (size_t{1} << 20) >> kPageShift;
constexpr unsigned kSamples = 6;
constexpr uint8_t kCreditEach = 4;
constexpr uint8_t kMostCredit = 8;
constexpr uint8_t kWatchedOneIn = 4;

// Hints: two threads at once may lose one of theirs, and what was watched may be somebody else's memory by now.
struct size_group {
    relaxed<uintptr_t> start;
    relaxed<size_t> pages;
    relaxed<uint8_t> watched;  // a bit for each sample that was not resident; 0: nothing is watched
    relaxed<uint8_t> credit;
    relaxed<uint8_t> turn;
};
size_group groups[log2_floor(kMostPages) + 1];

// Not all of them lie at a power of two, where sparse tables are touched.
bool sample_resident(uintptr_t start, size_t pages, unsigned sample) {
    return os_resident(reinterpret_cast<void*>(start + pages * (2 * sample + 1) / (2 * kSamples) * kPageSize));
}

uint8_t fresh_samples(const run* r) {
    unsigned samples = 0;
    for (unsigned i = 0; i < kSamples; i++)
        if (r->content == run_content::zero || !sample_resident(r->start, r->pages, i)) samples |= 1u << i;
    return static_cast<uint8_t>(samples);
}

bool became_resident(const size_group& group) {
    for (unsigned i = 0; i < kSamples; i++)
        if ((group.watched >> i & 1) != 0 && !sample_resident(group.start, group.pages, i)) return false;
    return true;
}

void look_at_watched(size_group& group) {
    if (group.watched == 0) return;
    uint8_t credit = group.credit;
    if (!became_resident(group))
        group.credit = 0;
    else if (credit <= kMostCredit - kCreditEach)
        group.credit = static_cast<uint8_t>(credit + kCreditEach);
    group.watched = 0;
}

}  // namespace

void populate_like_others(const run* r) {
    if (r->pages < kLeastPages || r->pages > kMostPages) return;
    if (r->content != run_content::zero && r->pages < kMixedPages) return;
    uint8_t fresh = fresh_samples(r);
    if (fresh == 0) return;
    size_group& group = groups[log2_floor(r->pages)];
    look_at_watched(group);
    uint8_t credit = group.credit;
    uint8_t turn = static_cast<uint8_t>(group.turn + 1);
    group.turn = turn;
    if (credit > 0 && turn % kWatchedOneIn != 0) {
        group.credit = static_cast<uint8_t>(credit - 1);
        os_populate(r->memory(), r->pages * kPageSize);
        return;
    }
    group.start = r->start;
    group.pages = r->pages;
    group.watched = fresh;
}

}  // namespace kslab
