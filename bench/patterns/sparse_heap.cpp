// A heap of which nine objects in ten are freed at random: what comes back to the system?
//
// The fill is 1 GiB of objects of 100 to 1000 bytes at 100 %. About 40 % of the pages hold no live object
// afterwards; whoever knows which can give them back. Reports resident memory full, right after the
// frees, after some idle seconds with a little work between, and after malloc_trim(0). `runs` frees in runs of 20 000 objects
// instead. Arguments: percentage of the work, seconds to wait, random or runs.
#include <malloc.h>

#include <cstring>

#include "pattern.h"

namespace {

constexpr size_t kRun = 20'000;

// A thread that sleeps reaches no slow path; a program that waits for work does a little.
void idle(long seconds) {
  for (long tenth = 0; tenth < seconds * 10; tenth++) {
    for (size_t size = 100; size < 1000; size += 100) std::free(pattern::get(size));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

int main(int argc, char **argv) {
  const long bytes = pattern::work(argc, argv, 1024) << 20;
  const long seconds = pattern::argument(argc, argv, 2, 5);
  const bool runs = argc > 3 && std::strcmp(argv[3], "runs") == 0;
  pattern::random random(1);
  std::vector<void *> objects;
  objects.reserve(static_cast<size_t>(bytes) / 500);
  for (long filled = 0; filled < bytes;) {
    const size_t size = random.between(100, 1000);
    objects.push_back(pattern::get(size));
    filled += static_cast<long>(size);
  }
  pattern::metric("rss_full", pattern::resident_mib(), "MiB");

  uint64_t kept = 0;
  for (size_t i = 0; i < objects.size(); i++) {
    const bool keep = runs ? i / kRun % 10 == 0 : random.below(10) == 0;
    if (keep) {
      kept++;
      continue;
    }
    std::free(objects[i]);
    objects[i] = nullptr;
  }
  pattern::metric("rss_freed", pattern::resident_mib(), "MiB");
  idle(seconds);
  pattern::metric("rss_idle", pattern::resident_mib(), "MiB");
  malloc_trim(0);
  pattern::metric("rss_trimmed", pattern::resident_mib(), "MiB");
  for (void *object : objects) std::free(object);
  pattern::checksum(kept);
}
