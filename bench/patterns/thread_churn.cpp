// Ten thousand short threads: a thread for each request.
//
// A thread allocates a few dozen objects, frees most, leaves one for its successor to free, and ends.
// What counts is how dear it is to set up and drain what an allocator keeps for a thread, and that
// nothing stays behind. Argument: percentage of the work.
#include <atomic>

#include "pattern.h"

namespace {

constexpr int kObjects = 40;

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::work(argc, argv, 10'000);
  std::atomic<void *> left{nullptr};
  std::atomic<uint64_t> sum{0};
  for (long pair = 0; pair < threads / 2; pair++)
    pattern::in_threads(2, [&](long index) {
      pattern::random random(static_cast<uint64_t>(2 * pair + index));
      void *objects[kObjects];
      for (void *&object : objects) object = pattern::get(random.doubling(16, 2048));
      for (void *object : objects) {
        sum += static_cast<unsigned char *>(object)[0];
        std::free(object);
      }
      std::free(left.exchange(pattern::get(random.doubling(16, 2048))));
    });
  std::free(left.load());
  pattern::checksum(sum);
}
