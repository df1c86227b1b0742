// Buffers of 5 to 25 MB that come and go: images, columns, compression, tensors.
//
// A handful is alive; each new one is written once, page by page, and replaces a random older one. An
// allocator that gives such memory back at once pays for every page again; one that keeps all of it
// doubles the process. Argument: percentage of the work.
#include "pattern.h"

namespace {

constexpr uint32_t kAlive = 10;

}  // namespace

int main(int argc, char **argv) {
  const long steps = pattern::work(argc, argv, 500);
  pattern::random random(1);
  std::vector<void *> alive(kAlive, nullptr);
  uint64_t sum = 0;
  for (long step = 0; step < steps; step++) {
    void *&slot = alive[random.below(kAlive)];
    std::free(slot);
    const size_t size = random.between(5'000'000, 25'000'000);
    slot = pattern::get(size);
    pattern::touch_pages(slot, size);
    sum += size;
  }
  for (void *buffer : alive) std::free(buffer);
  pattern::checksum(sum);
}
