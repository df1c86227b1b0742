// Queues made of list nodes, objects spliced from one to the other: schedulers, event loops, LRU caches.
//
// An LRU list with an index, and a set of queues from which nodes are taken at the front and put at the
// back, with payloads of three sizes. Argument: percentage of the work.
#include <list>
#include <string>
#include <unordered_map>

#include "pattern.h"

namespace {

constexpr size_t kCached = 20'000;

using entry = std::pair<uint32_t, std::string>;

class lru {
 public:
  uint64_t look_up(uint32_t key) {
    const auto found = index_.find(key);
    if (found != index_.end()) {
      list_.splice(list_.begin(), list_, found->second);
      return found->second->second.size();
    }
    list_.emplace_front(key, std::string(key % 90, 'x'));
    index_[key] = list_.begin();
    if (list_.size() > kCached) {
      index_.erase(list_.back().first);
      list_.pop_back();
    }
    return 0;
  }

 private:
  std::list<entry> list_;
  std::unordered_map<uint32_t, std::list<entry>::iterator> index_;
};

uint64_t run_queues(pattern::random &random, long steps) {
  std::vector<std::list<std::vector<char>>> queues(64);
  uint64_t sum = 0;
  for (long step = 0; step < steps; step++) {
    auto &from = queues[random.below(64)];
    auto &to = queues[random.below(64)];
    if (from.size() > 100) {
      sum += from.front().size();
      from.pop_front();
    } else {
      to.emplace_back(size_t{24} << (random.below(3) * 2));
    }
  }
  return sum;
}

}  // namespace

int main(int argc, char **argv) {
  const long steps = pattern::work(argc, argv, 5'000'000);
  pattern::random random(1);
  lru cache;
  uint64_t sum = 0;
  for (long step = 0; step < steps; step++) sum += cache.look_up(static_cast<uint32_t>(random.doubling(1, 65536)));
  pattern::checksum(sum + run_queues(random, steps * 2));
}
