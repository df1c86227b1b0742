// Single mechanisms, one thread: large runs, realloc, and replacement among many live objects.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <vector>

namespace {

uint64_t next_random(uint64_t &state) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1du;
}

// A pair of a size beyond the small classes, its first byte written.
void large_pair(benchmark::State &state) {
  const auto size = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    auto *run = static_cast<char *>(std::malloc(size));
    run[0] = 1;
    benchmark::DoNotOptimize(run);
    std::free(run);
  }
}
BENCHMARK(large_pair)->RangeMultiplier(4)->Range(16 << 10, 1 << 20);

// Sixteen alive at a time, replaced in turn.
void large_fifo(benchmark::State &state) {
  const auto size = static_cast<size_t>(state.range(0));
  std::vector<char *> queue(16, nullptr);
  size_t at = 0;
  for (auto _ : state) {
    std::free(queue[at]);
    queue[at] = static_cast<char *>(std::malloc(size));
    queue[at][0] = 1;
    at = (at + 1) % queue.size();
  }
  for (char *run : queue) std::free(run);
}
BENCHMARK(large_fifo)->Arg(16 << 10)->Arg(256 << 10);

// One iteration grows one block from the first size to the last by doubling.
void realloc_doubling(benchmark::State &state) {
  for (auto _ : state) {
    void *block = nullptr;
    for (int64_t size = state.range(0); size <= state.range(1); size *= 2) {
      block = std::realloc(block, static_cast<size_t>(size));
      static_cast<volatile char *>(block)[size - 1] = 1;
    }
    std::free(block);
  }
}
BENCHMARK(realloc_doubling)->Args({16, 1024})->Args({16 << 10, 16 << 20});

// realloc between two sizes that the same object may serve.
void realloc_same(benchmark::State &state) {
  void *block = std::malloc(100);
  size_t size = 100;
  for (auto _ : state) {
    size = size == 100 ? 104 : 100;
    block = std::realloc(block, size);
    benchmark::DoNotOptimize(block);
  }
  std::free(block);
}
BENCHMARK(realloc_same);

// Random replacement among a million live objects of 16 to 112 bytes: the allocator's data are cold.
void replace_among_million(benchmark::State &state) {
  std::vector<void *> objects(1'000'000);
  uint64_t random = 1;
  for (void *&object : objects) {
    object = std::malloc(16 + next_random(random) % 97);
    *static_cast<volatile char *>(object) = 1;  // or the first writes to fresh pages would be measured below
  }
  for (auto _ : state) {
    const uint64_t number = next_random(random);
    void *&slot = objects[number % objects.size()];
    std::free(slot);
    slot = std::malloc(16 + (number >> 40) % 97);
    *static_cast<volatile char *>(slot) = 1;
  }
  for (void *object : objects) std::free(object);
}
BENCHMARK(replace_among_million)->Iterations(1'000'000);

}  // namespace
