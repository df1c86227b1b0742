// Single mechanisms, one thread: what a malloc and a free of small objects cost.
//
// One iteration is one malloc and one free unless the name says otherwise. Everything calls plain malloc.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <malloc.h>
#include <vector>

namespace {

// The pair that hits whatever the allocator keeps closest.
void pair(benchmark::State &state) {
  const auto size = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    void *object = std::malloc(size);
    benchmark::DoNotOptimize(object);
    std::free(object);
  }
}
BENCHMARK(pair)->Arg(16)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);

// A batch is allocated, then freed in reverse or in the same order; one iteration is one batch.
void batch(benchmark::State &state, bool reverse) {
  const auto size = static_cast<size_t>(state.range(0));
  std::vector<void *> objects(static_cast<size_t>(state.range(1)));
  for (auto _ : state) {
    for (void *&object : objects) object = std::malloc(size);
    if (reverse)
      for (size_t i = objects.size(); i-- > 0;) std::free(objects[i]);
    else
      for (void *object : objects) std::free(object);
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
void batch_lifo(benchmark::State &state) { batch(state, true); }
void batch_fifo(benchmark::State &state) { batch(state, false); }
BENCHMARK(batch_lifo)->Args({64, 100})->Args({64, 10000});
BENCHMARK(batch_fifo)->Args({64, 100})->Args({64, 10000});

// Sizes 16 to 512 in turn through a queue of 256.
void mixed_fifo(benchmark::State &state) {
  std::vector<void *> queue(256, nullptr);
  size_t at = 0;
  size_t size = 16;
  for (auto _ : state) {
    std::free(queue[at]);
    queue[at] = std::malloc(size);
    benchmark::DoNotOptimize(queue[at]);
    at = (at + 1) % 256;
    size = size >= 512 ? 16 : size + 16;
  }
  for (void *object : queue) std::free(object);
}
BENCHMARK(mixed_fifo);

void zeroed(benchmark::State &state) {
  const auto size = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    void *object = std::calloc(1, size);
    benchmark::DoNotOptimize(object);
    std::free(object);
  }
}
BENCHMARK(zeroed)->Arg(64)->Arg(1024)->Arg(65536);

void aligned(benchmark::State &state) {
  const auto alignment = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    void *object = memalign(alignment, 256);
    benchmark::DoNotOptimize(object);
    std::free(object);
  }
}
BENCHMARK(aligned)->Arg(64)->Arg(4096);

void usable_size(benchmark::State &state) {
  void *object = std::malloc(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(malloc_usable_size(object));
  std::free(object);
}
BENCHMARK(usable_size)->Arg(100)->Arg(100000);

}  // namespace
