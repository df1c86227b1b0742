// Threads with live sets of their own, in all sizes from 16 bytes to 16 KiB.
//
// A thread holds a few thousand objects and replaces one at random with one of another size, so that
// every size class of every thread is in use. Where the classes' stores are shared, they are contended.
// Arguments: percentage of the work, threads.
#include <atomic>

#include "pattern.h"

namespace {

constexpr uint32_t kLive = 4000;

size_t mixed_size(pattern::random &random) { return random.below(8) == 0 ? random.doubling(1024, 16 << 10) : random.doubling(16, 1024); }

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 8);
  const long steps = pattern::work(argc, argv, 20'000'000) / threads;
  std::atomic<uint64_t> sum{0};

  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    std::vector<void *> live(kLive, nullptr);
    uint64_t mine = 0;
    for (long step = 0; step < steps; step++) {
      void *&slot = live[random.below(kLive)];
      std::free(slot);
      const size_t size = mixed_size(random);
      mine += size;
      slot = pattern::get(size);
    }
    for (void *object : live) std::free(object);
    sum += mine;
  });
  pattern::checksum(sum);
}
