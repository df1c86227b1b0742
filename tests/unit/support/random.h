// A seeded generator: the same numbers on every machine.
#pragma once
#include <cstddef>
#include <cstdint>

namespace test {

class random {
public:
    explicit random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}

    uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ * 0x2545f4914f6cdd1du;
    }

    // In [0, bound).
    size_t below(size_t bound) { return static_cast<size_t>((next() >> 16) % bound); }
    // Both ends included.
    size_t between(size_t low, size_t high) { return low + below(high - low + 1); }
    // Every power of two up to `most` is equally likely to be the next above the result.
    size_t doubling(size_t most) {
        unsigned bits = 64u - static_cast<unsigned>(__builtin_clzl(most));
        size_t n = below(size_t{1} << between(1, bits)) + 1;
        return n < most ? n : most;
    }
    bool one_in(size_t n) { return below(n) == 0; }

private:
    uint64_t state_;
};

}  // namespace test
