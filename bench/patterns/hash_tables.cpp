// Hash tables that grow, are counted in, and are thrown away: word counts, joins, memo tables.
//
// One table of strings that lives through the program and many small ones of numbers that do not; the
// bucket arrays of the growing tables are the only large blocks. Argument: percentage of the work.
#include <string>
#include <unordered_map>

#include "pattern.h"

namespace {

// A small table such as a function would keep while it runs.
uint64_t group_numbers(pattern::random &random) {
  std::unordered_map<uint32_t, std::vector<uint32_t>> groups;
  for (uint32_t i = 0; i < 200; i++) groups[random.below(60)].push_back(i);
  uint64_t sum = 0;
  for (const auto &[number, members] : groups) sum += number * members.size();
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long rounds = pattern::work(argc, argv, 40'000);
  pattern::random random(1);
  std::unordered_map<std::string, uint64_t> counts;
  uint64_t sum = 0;
  for (long round = 0; round < rounds; round++) {
    for (int word = 0; word < 20; word++) counts["word " + std::to_string(random.geometric(60'000, 1 << 20))]++;
    sum += group_numbers(random);
  }
  for (const auto &[word, count] : counts) sum += word.size() * count;
  pattern::checksum(sum);
}
