// Bit arithmetic.
#pragma once
#include "base/attributes.h"

namespace kslab {

constexpr bool is_power_of_two(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

// `align` is a power of two. The caller has made sure that the sum does not wrap.
constexpr size_t align_up(size_t n, size_t align) { return (n + align - 1) & ~(align - 1); }
constexpr size_t align_down(size_t n, size_t align) { return n & ~(align - 1); }

constexpr unsigned log2_floor(size_t n) { return 63u - static_cast<unsigned>(__builtin_clzl(n)); }
constexpr unsigned log2_ceil(size_t n) { return n <= 1 ? 0 : log2_floor(n - 1) + 1; }
constexpr size_t next_power_of_two(size_t n) { return size_t{1} << log2_ceil(n); }

// The compiler's calls a function of libgcc, on a page that nothing else needs, where the machine is not known to have the
// instruction.
constexpr unsigned bit_count(uint64_t bits) {
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    return static_cast<unsigned>(((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56);
}
static_assert(bit_count(0) == 0 && bit_count(~uint64_t{0}) == 64 && bit_count(0x8000000000000105u) == 4);

// Visits the sequences of set bits, the lowest first: where each begins, and how many bits it has.
template <typename F>
constexpr void for_each_sequence(uint32_t bits, F visit) {
    uint64_t left = bits;
    while (left != 0) {
        auto from = static_cast<unsigned>(__builtin_ctzll(left));
        auto count = static_cast<unsigned>(__builtin_ctzll(~(left >> from)));
        visit(from, count);
        left &= ~uint64_t{0} << (from + count);
    }
}

// Those of the bits that have neighbours, so that they are four and more in a row.
constexpr uint32_t in_fours(uint32_t bits) {
    uint32_t pairs = bits & bits >> 1;
    uint32_t fours = pairs & pairs >> 2;  // where four begin
    fours |= fours << 1;
    return fours | fours << 2;
}

// Wraps never: a size that cannot be expressed in pages fails the comparison with a limit first.
constexpr size_t pages_for(size_t bytes) { return (bytes >> kPageShift) + ((bytes & (kPageSize - 1)) != 0); }

}  // namespace kslab
