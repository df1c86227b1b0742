// A job scheduler's heap: tasks build up working sets, keep a part, pass a part on, drop the rest.
//
// Threads live for one phase. In a phase each makes objects of very mixed sizes (mostly small, one in
// a thousand 64 to 512 KiB), frees some at once, keeps some to the end of the phase, and swaps some into
// a table that all threads of all phases share. Arguments: percentage of the work, threads.
#include <atomic>
#include <memory>

#include "pattern.h"

namespace {

constexpr uint32_t kShared = 2000;
constexpr long kPhases = 12;

size_t task_size(pattern::random &random) {
  const uint32_t kind = random.below(1000);
  if (kind == 0) return random.between(64 << 10, 512 << 10);
  if (kind < 30) return random.doubling(1024, 32 << 10);
  return random.doubling(16, 1024);
}

uint64_t run_phase(uint64_t seed, long objects, std::atomic<void *> *shared) {
  pattern::random random(seed);
  std::vector<void *> kept;
  uint64_t sum = 0;
  for (long i = 0; i < objects; i++) {
    const size_t size = task_size(random);
    void *object = pattern::get(size);
    sum += size;
    const uint32_t fate = random.below(8);
    if (fate < 3) {
      std::free(object);
    } else if (fate < 4) {
      std::free(shared[random.below(kShared)].exchange(object, std::memory_order_acq_rel));
    } else {
      kept.push_back(object);
    }
    if (fate == 7 && kept.size() > 4000) {
      std::swap(kept[random.below(static_cast<uint32_t>(kept.size()))], kept.back());
      for (int drop = 0; drop < 5; drop++) {
        std::free(kept.back());
        kept.pop_back();
      }
    }
  }
  for (void *object : kept) std::free(object);
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 4);
  const long objects = pattern::work(argc, argv, 18'000'000) / threads / kPhases;
  const auto shared = std::make_unique<std::atomic<void *>[]>(kShared);
  std::atomic<uint64_t> sum{0};
  for (long phase = 0; phase < kPhases; phase++)
    pattern::in_threads(threads, [&](long index) {
      sum += run_phase(static_cast<uint64_t>(phase * threads + index), objects, shared.get());
    });
  for (uint32_t i = 0; i < kShared; i++) std::free(shared[i].load());
  pattern::checksum(sum);
}
