#include "kmalloc/populate.h"

#include "os/memory.h"

namespace kslab {

namespace {

constexpr size_t kBigPages = (size_t{1} << 20) >> kPageShift;
// Whoever waits for the call waits some milliseconds at most.
constexpr size_t kMostPages = (size_t{64} << 20) >> kPageShift;
constexpr unsigned kRemembered = 4;
constexpr unsigned kCreditEach = 4;
constexpr unsigned kMostCredit = 8;
constexpr unsigned kWatchedOneIn = 4;
constexpr unsigned kSamples = 6;

// Pages of the last ones that were evidence, 0: parts of it were never touched. Two threads at once may lose one of theirs.
relaxed<size_t> used_whole[kRemembered];
relaxed<unsigned> next;
relaxed<unsigned> credit;
relaxed<unsigned> turn;

// Tables that are touched at a power of two are not mistaken for full ones.
bool sample_resident(const run* r, unsigned sample) {
    size_t page = r->pages * sample / kSamples + sample * 5 % 7;
    return os_resident(reinterpret_cast<void*>(r->start + page * kPageSize));
}

uint8_t samples_not_resident(const run* r) {
    unsigned samples = 0;
    for (unsigned i = 0; i < kSamples; i++)
        if (!sample_resident(r, i)) samples |= 1u << i;
    return static_cast<uint8_t>(samples);
}

bool like_others(const run* r) {
    if (credit == 0 || r->pages > kMostPages) return false;
    size_t largest = 0;
    for (const relaxed<size_t>& pages : used_whole) {
        if (pages == 0) return false;
        if (pages > largest) largest = pages;
    }
    if (r->pages > 2 * largest) return false;
    turn += 1;
    return turn % kWatchedOneIn != 0;
}

}  // namespace

void populate_like_others(run* r, bool cleared) {
    if (KSLAB_LIKELY(r->pages < kBigPages)) return;
    r->watched = 0;
    if (cleared) return;
    uint8_t fresh = samples_not_resident(r);
    if (fresh == 0) return;
    if (!like_others(r)) {
        r->watched = fresh & ((1u << kSamples) - 1);
        return;
    }
    if (unsigned left = credit; left > 0) credit = left - 1;
    os_populate(r->memory(), r->pages * kPageSize);
}

void note_use(const run* r) {
    if (KSLAB_LIKELY(r->pages < kBigPages) || r->watched == 0) return;
    bool whole = (samples_not_resident(r) & r->watched) == 0;
    unsigned at = next;
    next = (at + 1) % kRemembered;
    used_whole[at] = whole ? r->pages : 0;
    unsigned left = credit;
    if (whole && left < kMostCredit) credit = left + kCreditEach;
}

}  // namespace kslab
