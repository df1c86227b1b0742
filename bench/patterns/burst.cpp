// A burst of memory in a long-lived process, then quiet.
//
// 200 MB of objects of 16 bytes to 4 KiB are allocated and freed. Reports resident memory right after, after some
// seconds in which the process does next to nothing, and after malloc_trim(0); and every tenth of a second, or
// 10 MB, on the way. Arguments: percentage of the work, seconds to wait.
#include <chrono>
#include <malloc.h>

#include "pattern.h"

namespace {

void report() {
  static const auto begin = std::chrono::steady_clock::now();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  pattern::point("resident", passed.count(), pattern::resident_mib());
}

void burst(long bytes, uint64_t &count) {
  constexpr long kReportEach = 10'000'000;
  pattern::random random(1);
  std::vector<void *> objects;
  long reported = 0;
  for (long filled = 0; filled < bytes; count++) {
    const size_t size = random.doubling(16, 4096);
    objects.push_back(pattern::get(size));
    filled += static_cast<long>(size);
    if (filled - reported < kReportEach) continue;
    reported = filled;
    report();
  }
  const size_t part = objects.size() / 20 + 1;
  for (size_t at = 0; at < objects.size(); at++) {
    std::free(objects[at]);
    if (at % part == part - 1) report();
  }
}

}  // namespace

int main(int argc, char **argv) {
  const long bytes = pattern::work(argc, argv, 200) * 1'000'000;
  const long seconds = pattern::argument(argc, argv, 2, 5);
  uint64_t count = 0;
  report();
  burst(bytes, count);
  report();
  pattern::metric("rss_freed", pattern::resident_mib(), "MiB");
  for (long tenth = 0; tenth < seconds * 10; tenth++) {
    for (size_t size = 16; size < 4096; size *= 2) std::free(pattern::get(size));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    report();
  }
  pattern::metric("rss_idle", pattern::resident_mib(), "MiB");
  malloc_trim(0);
  pattern::metric("rss_trimmed", pattern::resident_mib(), "MiB");
  report();
  pattern::checksum(count);
}
