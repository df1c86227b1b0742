// A red-black tree of strings that is filled, searched, thinned out and filled again.
//
// Nodes of one size with keys of many; erasing in key order frees them in an order that has nothing to
// do with the order of allocation. Argument: percentage of the work.
#include <map>
#include <string>

#include "pattern.h"

namespace {

std::string key(uint64_t number) {
  std::string text = "key/" + std::to_string(number);
  if (number % 3 == 0) text += "/with/a/longer/path/" + std::to_string(number * 7);
  return text;
}

}  // namespace

int main(int argc, char **argv) {
  const long keys = pattern::work(argc, argv, 130'000);
  pattern::random random(1);
  std::map<std::string, std::string> map;
  uint64_t sum = 0;
  for (int round = 0; round < 3; round++) {
    for (long i = 0; i < keys; i++) map[key(random.below(static_cast<uint32_t>(4 * keys)))] = std::to_string(i);
    for (auto entry = map.begin(); entry != map.end();) {
      sum += entry->second.size();
      entry = random.below(3) == 0 ? ++entry : map.erase(entry);
    }
  }
  pattern::checksum(sum + map.size());
}
