// The plainest loop: batches of one size, freed in the order of allocation or in reverse.
//
// For 16, 128 and 1024 bytes and batches of 1, 25 and 400 objects, in one thread or several; what a
// thread frees is its own. Arguments: percentage of the work, threads.
#include <atomic>

#include "pattern.h"

namespace {

uint64_t run_batches(size_t size, size_t batch, long objects) {
  std::vector<void *> held(batch);
  uint64_t sum = 0;
  for (long done = 0; done < objects; done += static_cast<long>(2 * batch)) {
    for (void *&object : held) object = pattern::get(size);
    for (void *object : held) {
      sum += static_cast<unsigned char *>(object)[0];
      std::free(object);
    }
    for (void *&object : held) object = pattern::get(size);
    while (!held.empty()) {
      std::free(held.back());
      held.pop_back();
    }
    held.resize(batch);
  }
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 1);
  const long objects = pattern::work(argc, argv, 30'000'000) / threads / 9;
  std::atomic<uint64_t> sum{0};
  pattern::in_threads(threads, [&](long) {
    for (const size_t size : {16, 128, 1024})
      for (const size_t batch : {1, 25, 400}) sum += run_batches(size, batch, objects);
  });
  pattern::checksum(sum);
}
