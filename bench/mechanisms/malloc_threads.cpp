// Single mechanisms, several threads: pairs side by side, and objects handed from one thread to another.
#include <algorithm>
#include <atomic>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdlib>
#include <latch>
#include <thread>
#include <vector>

namespace {

// A million pairs split among the threads, or more so that each has `least` of them; the time is that of one pair, from
// when all threads are there to the end of the last. Google Benchmark's own threads are not used: it averages what each
// thread took, and on fewer cores than threads each may get through in one time slice without waiting.
constexpr long kPairs = 1'000'000;

template <typename Body>
void measure_threads(benchmark::State &state, Body body, long least = 1) {
  const long count = state.range(0);
  const long each = std::max(kPairs / count, least);
  for (auto _ : state) {
    std::latch ready(count);
    std::latch start(1);
    std::vector<std::thread> threads;
    for (long index = 0; index < count; index++)
      threads.emplace_back([&, index] {
        ready.count_down();
        start.wait();
        body(index, each);
      });
    ready.wait();
    const auto begin = std::chrono::steady_clock::now();
    start.count_down();
    for (std::thread &thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count() / static_cast<double>(each * count));
  }
}

// Each thread queues 64 objects of its own; nothing is shared but the allocator.
void run_fifo(long, long pairs) {
  void *queue[64] = {};
  size_t size = 16;
  for (long at = 0; at < pairs; at++) {
    void *&slot = queue[at % 64];
    std::free(slot);
    slot = std::malloc(size);
    benchmark::DoNotOptimize(slot);
    size = size >= 512 ? 16 : size + 48;
  }
  for (void *object : queue) std::free(object);
}

// Every thread leaves objects in shared slots and frees what others left there.
constexpr size_t kSlots = 1024;
std::atomic<void *> slots[kSlots];

void run_exchange(long index, long pairs) {
  uint64_t random = static_cast<uint64_t>(index) * 0x9e3779b97f4a7c15u + 1;
  for (long at = 0; at < pairs; at++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    std::free(slots[(random >> 33) % kSlots].exchange(std::malloc(16 + (random >> 50) % 240), std::memory_order_acq_rel));
  }
}

void threads_fifo(benchmark::State &state) { measure_threads(state, run_fifo, 125'000); }
void exchange(benchmark::State &state) { measure_threads(state, run_exchange); }
BENCHMARK(threads_fifo)->ArgName("threads")->RangeMultiplier(2)->Range(1, 256)->UseManualTime()->Iterations(5);
BENCHMARK(exchange)->ArgName("threads")->RangeMultiplier(2)->Range(1, 256)->UseManualTime()->Iterations(5);

// Hand-over in batches of 64: the measured thread allocates, a helper frees. One iteration is one batch.
constexpr size_t kBatch = 64;

void hand_over(benchmark::State &state) {
  static void *box[2][kBatch];
  static std::atomic<uint64_t> filled;
  static std::atomic<uint64_t> emptied;
  static std::atomic<bool> done;
  filled = emptied = 0;
  done = false;
  std::thread consumer([] {
    for (uint64_t next = 0;; next++) {
      while (filled.load(std::memory_order_acquire) == next) {
        if (done.load(std::memory_order_acquire) && filled.load() == next) return;
        std::this_thread::yield();
      }
      for (void *object : box[next % 2]) std::free(object);
      emptied.store(next + 1, std::memory_order_release);
    }
  });
  uint64_t next = 0;
  for (auto _ : state) {
    while (next - emptied.load(std::memory_order_acquire) == 2) std::this_thread::yield();
    for (void *&object : box[next % 2]) object = std::malloc(64);
    filled.store(++next, std::memory_order_release);
  }
  done.store(true, std::memory_order_release);
  consumer.join();
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(hand_over)->UseRealTime();

}  // namespace
