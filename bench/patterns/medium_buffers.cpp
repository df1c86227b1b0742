// Buffers of 8 to 64 KiB that travel between threads: network and file I/O servers.
//
// Threads take a buffer, fill its first part, queue it in a shared table and free what they find there.
// These sizes are beyond most allocators' small classes and below their large ones.
// Arguments: percentage of the work, threads.
#include <atomic>
#include <cstring>
#include <memory>

#include "pattern.h"

namespace {

constexpr uint32_t kQueued = 256;
constexpr size_t kFilled = 1024;

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 4);
  const long steps = pattern::work(argc, argv, 600'000) / threads;
  const auto queue = std::make_unique<std::atomic<void *>[]>(kQueued);
  std::atomic<uint64_t> sum{0};

  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    uint64_t mine = 0;
    for (long step = 0; step < steps; step++) {
      const size_t size = random.between(8 << 10, 64 << 10);
      void *buffer = pattern::get(size);
      std::memset(buffer, static_cast<int>(step), kFilled);
      mine += size;
      std::free(queue[random.below(kQueued)].exchange(buffer, std::memory_order_acq_rel));
    }
    sum += mine;
  });
  for (uint32_t i = 0; i < kQueued; i++) std::free(queue[i].load());
  pattern::checksum(sum);
}
