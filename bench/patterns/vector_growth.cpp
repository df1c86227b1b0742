// Many containers that grow element by element: parsers, adjacency lists, buckets.
//
// Fifty thousand vectors get elements in random order and start anew at 200, so that buffers of all sizes grow
// side by side: each growth allocates a larger buffer, copies, and frees the smaller one. Then all go.
// Argument: percentage of the work.
#include "pattern.h"

namespace {

constexpr uint32_t kVectors = 50'000;

}  // namespace

int main(int argc, char **argv) {
  const long rounds = pattern::work(argc, argv, 12'000'000);
  pattern::random random(1);
  std::vector<std::vector<uint64_t>> vectors(kVectors);
  uint64_t sum = 0;
  for (long round = 0; round < rounds; round++) {
    std::vector<uint64_t> &vector = vectors[random.below(kVectors)];
    vector.push_back(static_cast<uint64_t>(round));
    if (vector.size() > 200) {
      sum += vector.back();
      std::vector<uint64_t>().swap(vector);
    }
  }
  for (const std::vector<uint64_t> &vector : vectors) sum += vector.size();
  pattern::checksum(sum);
}
