// Single mechanisms of kslab's own interface, linked with it: caches of one's own and kmalloc.
#include <benchmark/benchmark.h>
#include <vector>

#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"

namespace {

void cache_pair(benchmark::State &state) {
  kmem_cache *cache = kmem_cache_create("bench_pair", static_cast<size_t>(state.range(0)), 0, 0, nullptr);
  for (auto _ : state) {
    void *object = kmem_cache_alloc(cache, GFP_KERNEL);
    benchmark::DoNotOptimize(object);
    kmem_cache_free(cache, object);
  }
  kmem_cache_destroy(cache);
}
BENCHMARK(cache_pair)->Arg(64)->Arg(200)->Arg(1000);

// One iteration is one batch, freed in the order of allocation.
void cache_batch(benchmark::State &state) {
  kmem_cache *cache = kmem_cache_create("bench_batch", 64, 0, 0, nullptr);
  std::vector<void *> objects(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    for (void *&object : objects) object = kmem_cache_alloc(cache, GFP_KERNEL);
    for (void *object : objects) kmem_cache_free(cache, object);
  }
  kmem_cache_destroy(cache);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(cache_batch)->Arg(100)->Arg(10000);

void kmalloc_pair(benchmark::State &state) {
  for (auto _ : state) {
    void *object = kmalloc(static_cast<size_t>(state.range(0)), GFP_KERNEL);
    benchmark::DoNotOptimize(object);
    kfree(object);
  }
}
BENCHMARK(kmalloc_pair)->Arg(8)->Arg(64)->Arg(1024)->Arg(65536);

}  // namespace
