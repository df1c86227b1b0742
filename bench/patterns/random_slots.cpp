// A large table whose slots are filled and emptied at random: caches, sessions, symbol tables.
//
// Unlike random_sizes the table is far larger than the processor's caches, so what counts is where the
// allocator's own data lie and how dense objects are. Sizes 16 to 1024, every doubling as likely; an
// object is read when it goes. Arguments: percentage of the work, threads.
#include <atomic>

#include "pattern.h"

namespace {

constexpr uint32_t kSlots = 1 << 18;

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 1);
  const long steps = pattern::work(argc, argv, 8'000'000) / threads;
  const auto slots = static_cast<uint32_t>(kSlots / threads);
  std::atomic<uint64_t> sum{0};

  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    std::vector<void *> table(slots, nullptr);
    uint64_t mine = 0;
    for (long step = 0; step < steps; step++) {
      void *&slot = table[random.below(slots)];
      if (slot == nullptr) {
        slot = pattern::get(random.doubling(16, 1024));
      } else {
        mine += static_cast<unsigned char *>(slot)[0];
        std::free(slot);
        slot = nullptr;
      }
    }
    for (void *object : table) std::free(object);
    sum += mine;
  });
  pattern::checksum(sum);
}
