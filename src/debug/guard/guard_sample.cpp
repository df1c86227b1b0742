// Which allocations KSLAB_SAMPLE_GUARD guards. Asked on slow paths only, by all threads: each counts down in one of
// a few lines, and a lost update does no harm.
#include "debug/guard/guard.h"
#include "kmalloc/kmalloc.h"

namespace kslab {

namespace {

// Where nothing else is guarded, so much memory at a time. Freed objects hold none.
constexpr size_t kMostSampledBytes = size_t{16} << 20;
constexpr uint64_t kMostEvery = uint64_t{1} << 40;

struct alignas(kCacheLine) countdown {
    relaxed<uint64_t> left;
    relaxed<uint64_t> noise;
};
constexpr unsigned kCountdowns = 16;
constinit countdown countdowns[kCountdowns]{};

uint64_t next_noise(countdown& mine, uintptr_t token) {
    uint64_t x = mine.noise;
    if (x == 0) x = (reinterpret_cast<uintptr_t>(&mine) ^ token) | 1;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    mine.noise = x;
    return x;
}

}  // namespace

bool guard_sample() {
    uint64_t every = active_options.sample_guard;
    if (every == 0) return false;
    if (every > kMostEvery) every = kMostEvery;
    uintptr_t token = host_thread_token() >> kPageShift;
    countdown& mine = countdowns[(token ^ token >> 4 ^ token >> 9) % kCountdowns];
    uint64_t left = mine.left;
    if (left > 1) {
        mine.left = left - 1;
        return false;
    }
    // Evenly from 1 to 2 * every - 1, so that no rhythm of the program decides who is seen; the first time too, unless all are.
    uint64_t distance = 1 + (next_noise(mine, token) >> 16) % (2 * every - 1);
    mine.left = distance;
    if (left == 0 && every > 1) return false;
    return debug_flags != 0 || guard_read_stats().bytes < kMostSampledBytes;
}

}  // namespace kslab
