// Batches of small objects of all sizes, half of which are freed at random.
//
// A thread allocates ten thousand objects of 1 to 1000 bytes beside ten thousand that live, and frees as many of all of them in random
// order: what comes back lies all over the heap, and the next batch is as large as all of it.
// Arguments: percentage of the work, threads.
#include <atomic>

#include "pattern.h"

namespace {

constexpr size_t kBatch = 10'000;

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 4);
  const long rounds = pattern::work(argc, argv, 1200) / threads;
  std::atomic<uint64_t> sum{0};

  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    std::vector<void *> live;
    uint64_t mine = 0;
    for (long round = 0; round < rounds; round++) {
      while (live.size() < 2 * kBatch) {
        const size_t size = random.between(1, 1000);
        mine += size;
        live.push_back(pattern::get(size));
      }
      while (live.size() > kBatch) {
        void *&chosen = live[random.below(static_cast<uint32_t>(live.size()))];
        std::free(chosen);
        chosen = live.back();
        live.pop_back();
      }
    }
    for (void *object : live) std::free(object);
    sum += mine;
  });
  pattern::checksum(sum);
}
