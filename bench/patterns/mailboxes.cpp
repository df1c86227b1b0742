// Threads that leave objects for each other in shared mailboxes.
//
// Each step allocates an object, puts it into a random mailbox and frees what lay there, which most
// likely came from another thread a while ago. There is no direction as with producers and consumers:
// every thread frees as many objects as it allocates, only not its own.
// Arguments: percentage of the work, threads.
#include <atomic>
#include <memory>

#include "pattern.h"

namespace {

constexpr uint32_t kMailboxes = 8192;

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 4);
  const long steps = pattern::work(argc, argv, 30'000'000) / threads;
  const auto boxes = std::make_unique<std::atomic<void *>[]>(kMailboxes);
  std::atomic<uint64_t> sum{0};

  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    uint64_t mine = 0;
    for (long step = 0; step < steps; step++) {
      const size_t size = random.doubling(16, 512);
      mine += size;
      void *old = boxes[random.below(kMailboxes)].exchange(pattern::get(size), std::memory_order_acq_rel);
      std::free(old);
    }
    sum += mine;
  });
  for (uint32_t i = 0; i < kMailboxes; i++) std::free(boxes[i].load());
  pattern::checksum(sum);
}
