// Producers allocate, consumers free: pipelines, thread pools, message passing.
//
// Every producer has a ring to every consumer and fills them in turn, in batches of 32 objects of
// 16 to 256 bytes. No object is ever freed by the thread that made it, so an allocator that keeps
// freed objects with the thread that freed them runs dry at one end and fills up at the other.
// Arguments: percentage of the work, producers (as many consumers).
#include <atomic>
#include <memory>

#include "pattern.h"

namespace {

constexpr size_t kSlots = 4096;
constexpr size_t kBatch = 32;

// One producer, one consumer, no lock: what is measured is the allocator. A producer that finds the ring
// full waits until it is nearly empty, or the two would do little but yield to each other.
struct ring {
  alignas(64) std::atomic<size_t> written{0};
  alignas(64) std::atomic<size_t> taken{0};
  alignas(64) void *slots[kSlots];
};

void put_batch(ring &ring, pattern::random &random) {
  const size_t at = ring.written.load(std::memory_order_relaxed);
  if (at + kBatch - ring.taken.load(std::memory_order_acquire) > kSlots)
    while (at - ring.taken.load(std::memory_order_acquire) > kSlots / 4) std::this_thread::yield();
  for (size_t i = 0; i < kBatch; i++) ring.slots[(at + i) % kSlots] = pattern::get(random.between(16, 256));
  ring.written.store(at + kBatch, std::memory_order_release);
}

uint64_t take_batch(ring &ring) {
  const size_t at = ring.taken.load(std::memory_order_relaxed);
  while (ring.written.load(std::memory_order_acquire) - at < kBatch) std::this_thread::yield();
  uint64_t sum = 0;
  for (size_t i = 0; i < kBatch; i++) {
    auto *object = static_cast<unsigned char *>(ring.slots[(at + i) % kSlots]);
    sum += object[0];
    std::free(object);
  }
  ring.taken.store(at + kBatch, std::memory_order_release);
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long pairs = pattern::argument(argc, argv, 2, 2);
  const long batches = pattern::work(argc, argv, 700'000) / pairs / pairs;
  const auto rings = std::make_unique<ring[]>(static_cast<size_t>(pairs * pairs));
  std::atomic<uint64_t> sum{0};

  pattern::in_threads(2 * pairs, [&](long index) {
    if (index < pairs) {
      pattern::random random(static_cast<uint64_t>(index));
      for (long batch = 0; batch < batches; batch++)
        for (long to = 0; to < pairs; to++) put_batch(rings[static_cast<size_t>(index * pairs + to)], random);
      return;
    }
    uint64_t mine = 0;
    for (long batch = 0; batch < batches; batch++)
      for (long from = 0; from < pairs; from++) mine += take_batch(rings[static_cast<size_t>(from * pairs + index - pairs)]);
    sum += mine;
  });
  pattern::checksum(sum);
}
