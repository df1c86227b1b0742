// A burst of memory in a long-lived process, then quiet.
//
// 200 MB of objects of 16 bytes to 4 KiB are allocated and freed. Reports resident memory right after, after some
// seconds in which the process does next to nothing, and after malloc_trim(0).
// Arguments: percentage of the work, seconds to wait.
#include <chrono>
#include <malloc.h>

#include "pattern.h"

int main(int argc, char **argv) {
  const long bytes = pattern::work(argc, argv, 200) * 1'000'000;
  const long seconds = pattern::argument(argc, argv, 2, 5);
  pattern::random random(1);
  uint64_t count = 0;
  {
    std::vector<void *> objects;
    for (long filled = 0; filled < bytes; count++) {
      const size_t size = random.doubling(16, 4096);
      objects.push_back(pattern::get(size));
      filled += static_cast<long>(size);
    }
    for (void *object : objects) std::free(object);
  }
  pattern::metric("rss_freed", pattern::resident_mib(), "MiB");
  for (long tenth = 0; tenth < seconds * 10; tenth++) {
    for (size_t size = 16; size < 4096; size *= 2) std::free(pattern::get(size));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  pattern::metric("rss_idle", pattern::resident_mib(), "MiB");
  malloc_trim(0);
  pattern::metric("rss_trimmed", pattern::resident_mib(), "MiB");
  pattern::checksum(count);
}
