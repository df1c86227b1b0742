// calloc of everything from small structures to sparse tables.
//
// Small zeroed objects in great number; tables of 64 KiB to 4 MiB of which one page in eight is written,
// so that an allocator that clears fresh pages by hand pays for all of them. Checks that what calloc
// returns is zero where it had been written. Argument: percentage of the work.
#include "pattern.h"

namespace {

unsigned char *get_zeroed(size_t size) {
  auto *bytes = static_cast<unsigned char *>(std::calloc(1, size));
  if (bytes == nullptr) pattern::fail("calloc returned NULL");
  pattern::keep(bytes);
  if (bytes[0] != 0 || bytes[size / 2] != 0 || bytes[size - 1] != 0) pattern::fail("calloc memory is not zero");
  return bytes;
}

}  // namespace

int main(int argc, char **argv) {
  const long rounds = pattern::work(argc, argv, 3000);
  pattern::random random(1);
  std::vector<unsigned char *> small(4096, nullptr);
  std::vector<unsigned char *> tables(8, nullptr);
  uint64_t sum = 0;
  for (long round = 0; round < rounds; round++) {
    for (int i = 0; i < 2000; i++) {
      unsigned char *&slot = small[random.below(4096)];
      std::free(slot);
      const size_t size = random.doubling(16, 512);
      slot = get_zeroed(size);
      slot[0] = slot[size / 2] = slot[size - 1] = 1;
      sum += size;
    }
    unsigned char *&table = tables[random.below(8)];
    std::free(table);
    const size_t size = random.doubling(64 << 10, 4 << 20);
    table = get_zeroed(size);
    for (size_t at = 0; at < size; at += 32768) table[at] = 1;
    sum += size;
  }
  for (unsigned char *object : small) std::free(object);
  for (unsigned char *table : tables) std::free(table);
  pattern::checksum(sum);
}
