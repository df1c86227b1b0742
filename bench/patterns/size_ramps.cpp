// Every size class in turn, filled with a stretch of objects and emptied again.
//
// Sizes rise from 16 bytes to 32 KiB by a quarter; for each, 2 MiB of objects are allocated, freed in
// order, allocated again, and freed in reverse. Memory of a class that has been emptied must be able to
// serve the next, or the process grows with every step. Argument: percentage of the work.
#include "pattern.h"

namespace {

constexpr size_t kStretch = 2 << 20;

uint64_t fill_and_empty(size_t size, std::vector<void *> &objects) {
  const size_t count = kStretch / size;
  uint64_t sum = 0;
  objects.resize(count);
  for (void *&object : objects) object = pattern::get(size);
  for (void *object : objects) std::free(object);
  for (void *&object : objects) object = pattern::get(size);
  for (size_t i = count; i-- > 0;) {
    sum += static_cast<unsigned char *>(objects[i])[0];
    std::free(objects[i]);
  }
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long rounds = pattern::work(argc, argv, 24);
  std::vector<void *> objects;
  objects.reserve(kStretch / 16);
  uint64_t sum = 0;
  for (long round = 0; round < rounds; round++)
    for (size_t size = 16; size <= (32 << 10); size += size / 4) sum += fill_and_empty(size, objects);
  pattern::checksum(sum);
}
