// One block that grows by realloc while its content must stay: readers of input of unknown length.
//
// `double` starts at 1 KiB and doubles up to 512 MiB, touching what it gains; `steps` grows by 4 KiB at a
// time to 64 MiB, with a small allocation beside it now and then so that the heap's end is not always
// free. Arguments: percentage of the work (scales the final size), double or steps.
#include <cstring>

#include "pattern.h"

namespace {

unsigned char *grow(unsigned char *block, size_t old_size, size_t size) {
  auto *grown = static_cast<unsigned char *>(std::realloc(block, size));
  if (grown == nullptr) pattern::fail("realloc returned NULL");
  pattern::touch_pages(grown + old_size, size - old_size);
  return grown;
}

uint64_t grow_doubling(size_t last) {
  size_t size = 1024;
  unsigned char *block = grow(nullptr, 0, size);
  while (size * 2 <= last) {
    block = grow(block, size, size * 2);
    size *= 2;
  }
  uint64_t sum = 0;
  for (size_t at = 0; at < size; at += 65536) sum += block[at];
  std::free(block);
  return sum;
}

uint64_t grow_in_steps(size_t last) {
  size_t size = 4096;
  unsigned char *block = grow(nullptr, 0, size);
  std::vector<void *> beside;
  while (size < last) {
    block = grow(block, size, size + 4096);
    size += 4096;
    if (size % (256 << 10) == 0) beside.push_back(pattern::get(200));
  }
  uint64_t sum = 0;
  for (size_t at = 0; at < size; at += 4096) sum += block[at];
  std::free(block);
  for (void *object : beside) std::free(object);
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const bool steps = argc > 2 && std::strcmp(argv[2], "steps") == 0;
  const auto last = static_cast<size_t>(pattern::work(argc, argv, steps ? 64 : 512)) << 20;
  pattern::checksum(steps ? grow_in_steps(last) : grow_doubling(last));
}
