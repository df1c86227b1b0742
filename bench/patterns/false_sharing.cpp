// Small objects that two threads write at the same time.
//
// `active`: every thread allocates an 8-byte object, writes it many times, frees it; an allocator that
// cuts neighbouring objects of one cache line for different threads makes them fight for the line.
// `passive`: first the main thread hands each thread an object cut side by side with the others';
// they free it and go on as above, so an allocator that gives these very objects out again spreads the
// fight that the program began. Arguments: percentage of the work, threads, active or passive.
#include <atomic>
#include <cstring>

#include "pattern.h"

namespace {

constexpr size_t kSize = 8;
constexpr int kWrites = 400;

uint64_t allocate_and_write(long rounds) {
  uint64_t sum = 0;
  for (long round = 0; round < rounds; round++) {
    auto *object = static_cast<volatile unsigned char *>(pattern::get(kSize));
    for (int write = 0; write < kWrites; write++) object[static_cast<size_t>(write) % kSize] = static_cast<unsigned char>(object[0] + 1);
    sum += object[1];
    std::free(const_cast<unsigned char *>(object));
  }
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long threads = pattern::argument(argc, argv, 2, 2);
  const bool passive = argc > 3 && std::strcmp(argv[3], "passive") == 0;
  const long rounds = pattern::work(argc, argv, 1'600'000) / threads;
  std::atomic<uint64_t> sum{0};
  std::vector<void *> handed;
  for (long index = 0; passive && index < threads; index++) handed.push_back(pattern::get(kSize));

  pattern::in_threads(threads, [&](long index) {
    if (passive) std::free(handed[static_cast<size_t>(index)]);
    sum += allocate_and_write(rounds);
  });
  pattern::checksum(sum);
}
