// Free runs of one kind, found by size: exact lists up to 64 pages, then eight lists for each doubling, and a
// bitmap of the lists that are not empty. Best fit within the lists' resolution, last freed first. A list is a ring of
// runs without a head, so that it takes one word here: null, or the run that was freed last. All zeroes are none.
// No lock of its own.
#pragma once
#include "base/bits.h"
#include "pages/run.h"

namespace kslab {

class run_bins {
public:
    void add(run* r);
    void remove(run* r);

    // A run of at least `pages` pages, still on its list; null when there is none.
    run* find(size_t pages) const;

    // Visits up to `most` runs of at least about `pages` pages, the smaller lists first.
    template <typename F>
    void for_some(size_t pages, unsigned most, F visit) const {
        for (size_t bin = next_filled(bin_of(pages)); bin < kBins && most > 0; bin = next_filled(bin + 1))
            for (list_head* at = first_[bin]; at != nullptr && most > 0; at = behind(bin, at), most--)
                visit(KSLAB_CONTAINER_OF(at, run, bin));
    }

    template <typename F>
    void for_each(F visit) const {
        for (size_t bin = next_filled(0); bin < kBins; bin = next_filled(bin + 1))
            for (list_head* at = first_[bin]; at != nullptr; at = behind(bin, at))
                visit(KSLAB_CONTAINER_OF(at, run, bin));
    }

private:
    static constexpr size_t kExact = 64;
    static constexpr size_t kSteps = 8;
    static constexpr size_t kBins = kExact + (47 - kPageShift - 6) * kSteps + 1;
    static constexpr size_t kWords = (kBins + 63) / 64;
    static constexpr int kScan = 16;

    static size_t bin_of(size_t pages);
    // The first list from `bin` on that is not empty; kBins or more: there is none.
    size_t next_filled(size_t bin) const;
    run* first_fit(size_t bin, size_t pages) const;
    // Null behind the last.
    list_head* behind(size_t bin, const list_head* at) const { return at->next == first_[bin] ? nullptr : at->next; }

    list_head* first_[kBins];
    uint64_t filled_[kWords];
};

}  // namespace kslab
