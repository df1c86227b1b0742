// Threads that exchange some of what they allocate, in many sizes.
//
// Each round a thread allocates 500 objects of 16 bytes to 16 KiB, leaves a quarter of what it holds in a shared table for what lay
// there, and frees a quarter more at random; then all that is left. Work of all sizes comes and goes with the rounds, which is
// more than caches of threads like to hold.
// Arguments: percentage of the work, threads.
#include <atomic>
#include <memory>

#include "pattern.h"

namespace {

constexpr uint32_t kBoxes = 4096;
constexpr size_t kObjects = 500;

void *take_random(std::vector<void *> &from, pattern::random &random) {
  void *&chosen = from[random.below(static_cast<uint32_t>(from.size()))];
  void *taken = chosen;
  chosen = from.back();
  from.pop_back();
  return taken;
}

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 4);
  const long rounds = pattern::work(argc, argv, 16'000) / threads;
  const auto boxes = std::make_unique<std::atomic<void *>[]>(kBoxes);
  std::atomic<uint64_t> sum{0};

  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    std::vector<void *> held;
    uint64_t mine = 0;
    for (long round = 0; round < rounds; round++) {
      for (size_t i = 0; i < kObjects; i++) {
        const size_t size = random.doubling(16, 16 << 10);
        mine += size;
        held.push_back(pattern::get(size));
      }
      for (size_t i = 0; i < kObjects / 4; i++)
        std::free(boxes[random.below(kBoxes)].exchange(take_random(held, random), std::memory_order_acq_rel));
      for (size_t i = 0; i < kObjects / 4; i++) std::free(take_random(held, random));
      for (void *object : held) std::free(object);
      held.clear();
    }
    sum += mine;
  });
  for (uint32_t i = 0; i < kBoxes; i++) std::free(boxes[i]);
  pattern::checksum(sum);
}
