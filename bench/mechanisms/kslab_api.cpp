// Objects of one size, by kslab's own interface, by the C++ wrapper, by std::pmr's pools and by malloc, side by side.
//
// Each way runs with objects of 24, 64, 192 and 1024 bytes: pairs (one iteration is an allocation and a free), batches
// of 64 (one iteration is a batch, freed in the order of allocation), and pairs in two threads at once that share the
// cache or pool (CPU time: that of a pair); and lists with nodes of these sizes, filled and emptied. bulk is a batch in one
// call. malloc/... depends on the library that is preloaded; the pools take memory from it rarely, the rest never.
//
// Compiled once more with KSLAB_INLINE, a program of its own, it has those whose calls are inlined.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <list>
#include <memory>
#include <memory_resource>
#include <string>

#include "kslab/cache.hpp"

namespace {

constexpr size_t kBatch = 64;

#ifdef KSLAB_INLINE
constexpr bool kInlined = true;
#define KSLAB_BENCH_NAME(name) name "_inlined"
#else
constexpr bool kInlined = false;
#define KSLAB_BENCH_NAME(name) name
#endif

// ---- Ways to allocate objects of `Size` bytes; each is shared by the threads of a run.

template <size_t Size>
struct cache_c {
  static constexpr const char *name = KSLAB_BENCH_NAME("kmem_cache");
  static constexpr bool threads = true;
  kmem_cache *cache = kmem_cache_create(("bench_" + std::to_string(Size)).c_str(), Size, 0, 0, nullptr);
  ~cache_c() { kmem_cache_destroy(cache); }
  void *take() { return kmem_cache_alloc(cache, GFP_KERNEL); }
  void give(void *object) { kmem_cache_free(cache, object); }
  bool take_bulk(void **objects) { return kmem_cache_alloc_bulk(cache, GFP_KERNEL, kBatch, objects) == kBatch; }
  void give_bulk(void **objects) { kmem_cache_free_bulk(cache, kBatch, objects); }
};

template <size_t Size>
struct cache_cxx {
  static constexpr const char *name = KSLAB_BENCH_NAME("kslab::cache");
  static constexpr bool threads = true;
  using object = kslab::room_for<Size, 8>;
  kslab::cache<object> cache;
  void *take() { return cache.allocate(); }
  void give(void *memory) { cache.deallocate(static_cast<object *>(memory)); }
};

// Through the virtual functions of std::pmr::memory_resource.
template <size_t Size, typename Resource, bool Threads>
struct resource {
  static constexpr bool threads = Threads;
  Resource memory;
  std::pmr::memory_resource *base = &memory;
  void *take() {
    benchmark::DoNotOptimize(base);
    return base->allocate(Size, 8);
  }
  void give(void *object) { base->deallocate(object, Size, 8); }
};
template <size_t Size>
struct cache_pmr : resource<Size, kslab::cache<kslab::room_for<Size, 8>>, true> {
  static constexpr const char *name = "kslab::cache_as_resource";
};
template <size_t Size>
struct pool : resource<Size, std::pmr::unsynchronized_pool_resource, false> {
  static constexpr const char *name = "unsynchronized_pool";
};
template <size_t Size>
struct synchronized_pool : resource<Size, std::pmr::synchronized_pool_resource, true> {
  static constexpr const char *name = "synchronized_pool";
};

template <size_t Size>
struct allocator_cxx {
  static constexpr const char *name = "kslab::allocator";
  static constexpr bool threads = true;
  using object = kslab::room_for<Size, 8>;
  kslab::allocator<object> allocator;
  void *take() { return allocator.allocate(1); }
  void give(void *memory) { allocator.deallocate(static_cast<object *>(memory), 1); }
};

template <size_t Size>
struct kmalloc_c {
  static constexpr const char *name = "kmalloc";
  static constexpr bool threads = true;
  size_t size = Size;
  void *take() { return kmalloc(size, GFP_KERNEL); }
  void give(void *object) { kfree(object); }
};

template <size_t Size>
struct process_malloc {
  static constexpr const char *name = "malloc";
  static constexpr bool threads = true;
  void *take() { return std::malloc(Size); }
  void give(void *object) { std::free(object); }
};

// ---- What is done with them

template <typename Way>
void pairs(benchmark::State &state, const std::shared_ptr<Way> &way) {
  for (auto _ : state) {
    void *object = way->take();
    benchmark::DoNotOptimize(object);
    way->give(object);
  }
}

template <typename Way>
void batches(benchmark::State &state, const std::shared_ptr<Way> &way) {
  void *objects[kBatch];
  for (auto _ : state) {
    for (void *&object : objects) object = way->take();
    benchmark::DoNotOptimize(objects);
    for (void *object : objects) way->give(object);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}

template <typename Way>
void bulks(benchmark::State &state, const std::shared_ptr<Way> &way) {
  void *objects[kBatch];
  for (auto _ : state) {
    if (!way->take_bulk(objects)) return state.SkipWithError("no memory");
    benchmark::DoNotOptimize(objects);
    way->give_bulk(objects);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}

// One iteration fills a list with a batch of nodes and empties it; `Size` is that of a node.
template <size_t Size, typename List>
void lists(benchmark::State &state) {
  List list;
  for (auto _ : state) {
    for (size_t i = 0; i < kBatch; i++) list.emplace_back();
    benchmark::DoNotOptimize(list);
    list.clear();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}

// ---- All of it: WAY/SIZE/pair, WAY/SIZE/batch, WAY/SIZE/bulk, WAY/SIZE/pair_2, WAY/SIZE/list

template <template <size_t> class Way, size_t Size>
void add() {
  // Destroyed with the last benchmark that uses it.
  auto way = std::make_shared<Way<Size>>();
  std::string name = std::string(Way<Size>::name) + '/' + std::to_string(Size);
  auto pair = [way](benchmark::State &state) { pairs(state, way); };
  benchmark::RegisterBenchmark((name + "/pair").c_str(), pair);
  benchmark::RegisterBenchmark((name + "/batch").c_str(), [way](benchmark::State &state) { batches(state, way); });
  if constexpr (requires(Way<Size> w, void **objects) { w.give_bulk(objects); })
    if (!kInlined) benchmark::RegisterBenchmark((name + "/bulk").c_str(), [way](benchmark::State &state) { bulks(state, way); });
  if (Way<Size>::threads) benchmark::RegisterBenchmark((name + "/pair_2").c_str(), pair)->Threads(2);
}

template <template <size_t> class Way>
void add_sizes() {
  add<Way, 24>();
  add<Way, 64>();
  add<Way, 192>();
  add<Way, 1024>();
}

template <size_t Size>
void add_lists() {
  using value = kslab::room_for<Size - 2 * sizeof(void *), 8>;
  std::string size = '/' + std::to_string(Size) + "/list";
  benchmark::RegisterBenchmark(("kslab::allocator" + size).c_str(),
                               lists<Size, std::list<value, kslab::allocator<value>>>);
  benchmark::RegisterBenchmark(("malloc" + size).c_str(), lists<Size, std::list<value>>);
}

}  // namespace

int main(int argc, char **argv) {
  add_sizes<cache_c>();
  add_sizes<cache_cxx>();
  if (!kInlined) {
    add_sizes<cache_pmr>();
    add_sizes<allocator_cxx>();
    add_sizes<kmalloc_c>();
    add_sizes<process_malloc>();
    add_sizes<pool>();
    add_sizes<synchronized_pool>();
    add_lists<24>();
    add_lists<64>();
    add_lists<192>();
    add_lists<1024>();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();
}
