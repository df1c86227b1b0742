// What every pattern shares: a seeded generator, sizes drawn from it, memory that is really touched,
// threads, and the lines by which a pattern reports to scripts/bench.
//
// A pattern does a fixed amount of work, the same under every allocator: its first argument is a
// percentage of the default work. It prints one `checksum` line that must not depend on the
// allocator, `metric NAME VALUE UNIT` lines for figures that only the process itself can see, and
// `point CURVE X Y` lines for what changes while it runs.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>
#include <vector>

namespace pattern {

// xorshift64*: a few cycles a number, so that the generator does not hide the allocator.
class random {
 public:
  explicit random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u) {}

  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1du;
  }

  // A number in [0, bound) for bounds below 2^32.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }

  size_t between(size_t low, size_t high) { return low + below(static_cast<uint32_t>(high - low + 1)); }

  // Every doubling between low and high is equally likely: many small, few large, as programs ask.
  size_t doubling(size_t low, size_t high) {
    const auto steps = static_cast<uint32_t>(std::bit_width(high / low) - 1);
    const size_t base = low << below(steps == 0 ? 1 : steps);
    return between(base, base * 2 < high ? base * 2 : high);
  }

  // Half of the numbers lie in the upper two thirds below the median; above it, four in ten go on to the
  // next doubling, and so on up to `most`: a long tail, as in programs that hold strings and arrays.
  size_t geometric(size_t median, size_t most) {
    const uint64_t number = next();
    if ((number & 1) == 0) return median / 3 + below(static_cast<uint32_t>(median - median / 3));
    size_t base = median;
    while (base * 2 <= most && below(10) < 4) base *= 2;
    return base * 2 <= most ? between(base, base * 2 - 1) : most;
  }

 private:
  uint64_t state_;
};

// Tells the compiler that somebody looks at the object, so that no pair is optimised away.
inline void keep(void *object) { asm volatile("" : : "g"(object) : "memory"); }

[[noreturn]] inline void fail(const char *what) {
  std::fprintf(stderr, "pattern: %s\n", what);
  std::exit(1);
}

// malloc whose first and last bytes are written, as any program would.
inline void *get(size_t size) {
  auto *bytes = static_cast<unsigned char *>(std::malloc(size));
  if (bytes == nullptr) fail("malloc returned NULL");
  bytes[0] = static_cast<unsigned char>(size);
  bytes[size - 1] = static_cast<unsigned char>(size);
  keep(bytes);
  return bytes;
}

// Writes one byte in each page, which is what makes a large block cost memory.
inline void touch_pages(void *block, size_t size) {
  auto *bytes = static_cast<volatile unsigned char *>(block);
  for (size_t at = 0; at < size; at += 4096) bytes[at] = 1;
}

// The argument at `index`, or the fallback when there is none.
inline long argument(int argc, char **argv, int index, long fallback) {
  return argc > index ? std::strtol(argv[index], nullptr, 10) : fallback;
}

// `full` reduced to the percentage that the first argument names (100 without one), at least 1.
inline long work(int argc, char **argv, long full) {
  const long amount = full * argument(argc, argv, 1, 100) / 100;
  return amount > 0 ? amount : 1;
}

// Runs body(0) ... body(count - 1), each in a thread of its own, and waits for all.
template <typename Body>
void in_threads(long count, Body body) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(count));
  for (long index = 0; index < count; index++) threads.emplace_back(body, index);
  for (std::thread &thread : threads) thread.join();
}

inline double resident_mib() {
  long total = 0;
  long resident = 0;
  std::FILE *file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &total, &resident) != 2) fail("/proc/self/statm");
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1048576.0;
}

inline void metric(const char *name, double value, const char *unit) { std::printf("metric %s %.6g %s\n", name, value, unit); }

// A point of a curve that scripts/bench draws.
inline void point(const char *curve, double x, double y) { std::printf("point %s %.6g %.6g\n", curve, x, y); }

inline void checksum(uint64_t value) { std::printf("checksum %016llx\n", static_cast<unsigned long long>(value)); }

}  // namespace pattern
