// A server whose connections outlive its threads.
//
// Every worker owns a thousand live objects of 10 to 500 bytes and replaces them at random. After a
// while the thread ends and a new one takes the objects over, so that most of what a thread frees
// was allocated by a thread that is gone. Arguments: percentage of the work, workers.
#include <atomic>

#include "pattern.h"

namespace {

constexpr size_t kObjects = 1000;
constexpr long kGenerations = 20;

struct worker {
  pattern::random random;
  std::vector<void *> objects;
  uint64_t sum = 0;
};

void serve(worker &worker, long replacements) {
  for (long i = 0; i < replacements; i++) {
    void *&slot = worker.objects[worker.random.below(kObjects)];
    worker.sum += static_cast<unsigned char *>(slot)[0];
    std::free(slot);
    slot = pattern::get(worker.random.between(10, 500));
  }
}

}  // namespace

int main(int argc, char **argv) {
  const long workers = pattern::argument(argc, argv, 2, 4);
  const long replacements = pattern::work(argc, argv, 36'000'000) / workers / kGenerations;
  std::vector<worker> state;
  for (long index = 0; index < workers; index++) {
    state.push_back({pattern::random(static_cast<uint64_t>(index)), {}, 0});
    worker &worker = state.back();
    for (size_t i = 0; i < kObjects; i++) worker.objects.push_back(pattern::get(worker.random.between(10, 500)));
  }

  for (long generation = 0; generation < kGenerations; generation++)
    pattern::in_threads(workers, [&](long index) { serve(state[static_cast<size_t>(index)], replacements); });

  uint64_t sum = 0;
  for (worker &worker : state) {
    sum += worker.sum;
    for (void *object : worker.objects) std::free(object);
  }
  pattern::checksum(sum);
}
