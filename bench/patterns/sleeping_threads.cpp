// Sixty-four threads that have worked and now wait: what do they hold?
//
// Each allocates and frees objects of all sizes up to 16 KiB, keeps a few, and sleeps until all are there.
// Reports resident memory at that moment, and after half a second. Arguments: percentage of the work, threads.
#include <atomic>
#include <barrier>
#include <chrono>

#include "pattern.h"

namespace {

constexpr uint32_t kLive = 200;

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 64);
  const long steps = pattern::work(argc, argv, 2'000'000) / threads;
  std::barrier asleep(threads + 1);
  std::barrier measured(threads + 1);
  std::atomic<uint64_t> sum{0};

  std::thread watcher([&] {
    asleep.arrive_and_wait();
    pattern::metric("rss_asleep", pattern::resident_mib(), "MiB");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    pattern::metric("rss_later", pattern::resident_mib(), "MiB");
    measured.arrive_and_wait();
  });
  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    std::vector<void *> live(kLive, nullptr);
    uint64_t mine = 0;
    for (long step = 0; step < steps; step++) {
      void *&slot = live[random.below(kLive)];
      std::free(slot);
      const size_t size = random.doubling(16, 16 << 10);
      mine += size;
      slot = pattern::get(size);
    }
    for (uint32_t i = 10; i < kLive; i++) std::free(live[i]);
    sum += mine;
    asleep.arrive_and_wait();
    measured.arrive_and_wait();
    for (uint32_t i = 0; i < 10; i++) std::free(live[i]);
  });
  watcher.join();
  pattern::checksum(sum);
}
