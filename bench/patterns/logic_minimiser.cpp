// Two-level logic minimisation: sets of small bit vectors built, compared, merged and dropped.
//
// Quine-McCluskey on random functions of ten variables; every cube is an object of its own and each
// level of merging builds a new generation of sets while the old one is freed. Argument: percentage
// of the work.
#include <algorithm>
#include <memory>
#include <set>

#include "pattern.h"

namespace {

constexpr int kVariables = 10;

struct cube {
  uint32_t values;
  uint32_t dashes;
  std::vector<uint32_t> covers;
};

using key = std::pair<uint32_t, uint32_t>;
using generation = std::vector<std::shared_ptr<cube>>;

generation minterms(pattern::random &random) {
  generation made;
  for (uint32_t values = 0; values < (1u << kVariables); values++)
    if (random.below(100) < 60) made.push_back(std::make_shared<cube>(cube{values, 0, {values}}));
  return made;
}

std::shared_ptr<cube> merge(const cube &a, const cube &b) {
  auto merged = std::make_shared<cube>(cube{a.values & b.values, a.dashes | (a.values ^ b.values), a.covers});
  merged->covers.insert(merged->covers.end(), b.covers.begin(), b.covers.end());
  return merged;
}

// Merges all pairs that differ in one variable; counts the cubes that found no partner.
generation next_generation(const generation &cubes, uint64_t &primes) {
  std::set<key> present;
  std::set<key> made;
  std::set<key> used;
  generation next;
  for (const auto &one : cubes) present.insert({one->values, one->dashes});
  std::vector<std::pair<key, std::shared_ptr<cube>>> index;
  for (const auto &one : cubes) index.push_back({{one->values, one->dashes}, one});
  std::sort(index.begin(), index.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
  for (const auto &one : cubes)
    for (int variable = 0; variable < kVariables; variable++) {
      const uint32_t bit = 1u << variable;
      if ((one->dashes & bit) != 0 || (one->values & bit) != 0) continue;
      const key partner{one->values | bit, one->dashes};
      if (!present.contains(partner)) continue;
      used.insert({one->values, one->dashes});
      used.insert(partner);
      const auto other = std::lower_bound(index.begin(), index.end(), partner, [](const auto &a, const key &b) { return a.first < b; });
      auto merged = merge(*one, *other->second);
      if (made.insert({merged->values, merged->dashes}).second) next.push_back(std::move(merged));
    }
  primes += cubes.size() - used.size();
  return next;
}

}  // namespace

int main(int argc, char **argv) {
  const long functions = pattern::work(argc, argv, 180);
  pattern::random random(1);
  uint64_t primes = 0;
  for (long i = 0; i < functions; i++) {
    generation cubes = minterms(random);
    while (!cubes.empty()) cubes = next_generation(cubes, primes);
  }
  pattern::checksum(primes);
}
