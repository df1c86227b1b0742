// Documents parsed into trees, changed and dropped: configuration, API servers.
//
// A node is a small object with a vector or a map of children and string keys; a tree of a few
// thousand nodes is built depth first, copied once, and destroyed as a whole. A few trees stay alive.
// Argument: percentage of the work.
#include <map>
#include <memory>
#include <string>

#include "pattern.h"

namespace {

struct node {
  std::map<std::string, std::unique_ptr<node>> members;
  std::vector<std::unique_ptr<node>> elements;
  std::string text;
};

std::unique_ptr<node> build(pattern::random &random, int depth) {
  auto made = std::make_unique<node>();
  const uint32_t kind = depth == 0 ? 2 : random.below(3);
  const size_t children = random.between(2, 9);
  for (size_t i = 0; kind == 0 && i < children; i++)
    made->members["member number " + std::to_string(i)] = build(random, depth - 1);
  for (size_t i = 0; kind == 1 && i < children; i++) made->elements.push_back(build(random, depth - 1));
  if (kind == 2) made->text.assign(random.geometric(20, 400), 't');
  return made;
}

std::unique_ptr<node> copy(const node &from) {
  auto made = std::make_unique<node>();
  for (const auto &[name, child] : from.members) made->members[name] = copy(*child);
  for (const auto &child : from.elements) made->elements.push_back(copy(*child));
  made->text = from.text;
  return made;
}

uint64_t count(const node &tree) {
  uint64_t sum = 1 + tree.text.size();
  for (const auto &[name, child] : tree.members) sum += name.size() + count(*child);
  for (const auto &child : tree.elements) sum += count(*child);
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long documents = pattern::work(argc, argv, 200);
  pattern::random random(1);
  std::vector<std::unique_ptr<node>> alive(16);
  uint64_t sum = 0;
  for (long i = 0; i < documents; i++) {
    std::unique_ptr<node> tree = build(random, 6);
    alive[random.below(16)] = copy(*tree);
    sum += count(*tree);
  }
  pattern::checksum(sum);
}
