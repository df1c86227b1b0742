// How long a single malloc takes, at worst: servers that answer within a deadline.
//
// Two threads replace random ones of 20 000 live objects of 16 bytes to 16 KiB; now and then a tenth of them go at once and
// come again, as requests do. Reports how long calls of malloc took, in nanoseconds, as the calling thread saw it: half of
// them, 99, 99.9 and 99.99 of a hundred at most so long; and how long until every page of the object was written to as well,
// because the memory may come with the call or with the first write. Reading the clock is part of each figure. Arguments:
// percentage of the work, threads.
#include <algorithm>
#include <atomic>
#include <ctime>
#include <mutex>

#include "pattern.h"

namespace {

constexpr uint32_t kLive = 20'000;

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

// Durations in steps of an eighth of a doubling: the histogram allocates nothing while it is filled.
class histogram {
 public:
  void add(uint64_t nanoseconds) { counts_[index(nanoseconds)]++; }

  void merge(const histogram &other) {
    for (size_t at = 0; at < kSteps; at++) counts_[at] += other.counts_[at];
  }

  // The upper end of the step in which the share of all durations ends.
  double percentile(double share) const {
    uint64_t total = 0;
    for (uint64_t count : counts_) total += count;
    auto left = static_cast<uint64_t>(share * static_cast<double>(total));
    size_t at = 0;
    while (at + 1 < kSteps && left >= counts_[at]) left -= counts_[at++];
    return upper_end(at);
  }

 private:
  static constexpr size_t kSteps = 40 * 8;

  static size_t index(uint64_t value) {
    if (value < 8) return value;
    const auto doubling = static_cast<size_t>(std::bit_width(value)) - 4;
    return std::min(kSteps - 1, (doubling + 1) * 8 + (value >> doubling & 7));
  }

  static double upper_end(size_t at) {
    if (at < 8) return static_cast<double>(at);
    return static_cast<double>((8 + at % 8 + 1) << (at / 8 - 1));
  }

  uint64_t counts_[kSteps] = {};
};

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 2);
  const long steps = pattern::work(argc, argv, 8'000'000) / threads;
  std::mutex lock;
  histogram all, all_written;
  std::atomic<uint64_t> sum{0};
  pattern::in_threads(threads, [&](long index) {
    pattern::random random(static_cast<uint64_t>(index));
    histogram mine, written;
    std::vector<void *> live(kLive, nullptr);
    uint64_t bytes = 0;
    const auto renew = [&](void *&slot) {
      const size_t size = random.doubling(16, 16 << 10);
      bytes += size;
      const uint64_t begin = now();
      void *object = std::malloc(size);
      const uint64_t returned = now();
      if (object == nullptr) pattern::fail("malloc returned NULL");
      for (size_t at = 0; at < size; at += 4096) static_cast<volatile char *>(object)[at] = 1;
      static_cast<volatile char *>(object)[size - 1] = 1;
      written.add(now() - begin);
      mine.add(returned - begin);
      slot = object;
    };
    for (long step = 0; step < steps; step++) {
      if (step % 100'000 == 99'999) {
        const uint32_t from = random.below(kLive - kLive / 10);
        for (uint32_t at = from; at < from + kLive / 10; at++) std::free(live[at]);
        for (uint32_t at = from; at < from + kLive / 10; at++) renew(live[at]);
        continue;
      }
      void *&slot = live[random.below(kLive)];
      std::free(slot);
      renew(slot);
    }
    for (void *object : live) std::free(object);
    sum += bytes;
    const std::lock_guard guard(lock);
    all.merge(mine);
    all_written.merge(written);
  });
  pattern::metric("p50", all.percentile(0.5), "ns");
  pattern::metric("p99", all.percentile(0.99), "ns");
  pattern::metric("p99.9", all.percentile(0.999), "ns");
  pattern::metric("p99.99", all.percentile(0.9999), "ns");
  pattern::metric("p99.9+writes", all_written.percentile(0.999), "ns");
  pattern::metric("p99.99+writes", all_written.percentile(0.9999), "ns");
  pattern::checksum(sum);
}
