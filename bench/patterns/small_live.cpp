// Four million small objects alive: what a live byte costs, fresh and after long use.
//
// Sizes are geometric around a median of 48 bytes, at most 64 KiB (see random::geometric). After the fill, eight million random
// replacements. Reports resident memory for each live byte (the table of pointers excluded) at both
// moments, and the time of a replacement. Argument: percentage of the work.
#include <chrono>

#include "pattern.h"

namespace {

struct object {
  void *memory;
  uint32_t size;
};

// Also the middle of the larger ones is written: an untouched page would count as live but cost nothing.
object make(pattern::random &random) {
  const size_t size = random.geometric(48, 64 << 10);
  void *memory = pattern::get(size);
  pattern::touch_pages(memory, size);
  return {memory, static_cast<uint32_t>(size)};
}

double per_live_byte(double baseline_mib, uint64_t live) { return (pattern::resident_mib() - baseline_mib) * 1048576.0 / static_cast<double>(live); }

}  // namespace

int main(int argc, char **argv) {
  const auto count = static_cast<uint32_t>(pattern::work(argc, argv, 4'000'000));
  pattern::random random(1);
  std::vector<object> objects(count);
  const double baseline = pattern::resident_mib();
  uint64_t live = 0;
  for (object &object : objects) {
    object = make(random);
    live += object.size;
  }
  pattern::metric("rss_per_live_byte_fresh", per_live_byte(baseline, live), "");

  const auto begin = std::chrono::steady_clock::now();
  for (uint32_t step = 0; step < 2 * count; step++) {
    object &object = objects[random.below(count)];
    std::free(object.memory);
    live -= object.size;
    object = make(random);
    live += object.size;
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  pattern::metric("rss_per_live_byte_used", per_live_byte(baseline, live), "");
  pattern::metric("replacement", took.count() / (2.0 * count), "ns");
  pattern::checksum(live);
}
