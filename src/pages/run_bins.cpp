#include "pages/run_bins.h"

namespace kslab {

size_t run_bins::bin_of(size_t pages) {
    if (pages <= kExact) return pages - 1;
    unsigned doubling = log2_floor(pages);
    size_t step = (pages >> (doubling - 3)) & (kSteps - 1);
    return kExact + (doubling - 6) * kSteps + step;
}

void run_bins::add(run* r) {
    size_t bin = bin_of(r->pages);
    if (first_[bin] == nullptr)
        r->bin.init();
    else
        first_[bin]->add_tail(&r->bin);
    first_[bin] = &r->bin;
    filled_[bin / 64] |= uint64_t{1} << (bin % 64);
}

void run_bins::remove(run* r) {
    size_t bin = bin_of(r->pages);
    if (first_[bin] == &r->bin) first_[bin] = behind(bin, &r->bin);
    if (first_[bin] == nullptr) filled_[bin / 64] &= ~(uint64_t{1} << (bin % 64));
    list_head::del(&r->bin);
}

// Beyond the exact lists a list holds sizes on both sides of `pages`: a few entries are tried, then the
// next list, where everything fits.
run* run_bins::first_fit(size_t bin, size_t pages) const {
    int tries = 0;
    for (list_head* at = first_[bin]; at != nullptr && tries < kScan; at = behind(bin, at), tries++) {
        run* r = KSLAB_CONTAINER_OF(at, run, bin);
        if (r->pages >= pages) return r;
    }
    return nullptr;
}

size_t run_bins::next_filled(size_t bin) const {
    if (bin >= kBins) return kBins;
    uint64_t word = filled_[bin / 64] & (~uint64_t{0} << (bin % 64));
    for (size_t index = bin / 64;; word = filled_[index]) {
        if (word != 0) return index * 64 + static_cast<size_t>(__builtin_ctzl(word));
        if (++index == kWords) return kBins;
    }
}

run* run_bins::find(size_t pages) const {
    for (size_t bin = next_filled(bin_of(pages)); bin < kBins; bin = next_filled(bin + 1))
        if (run* r = first_fit(bin, pages)) return r;
    return nullptr;
}

}  // namespace kslab
