// The vDSO's function itself, not libc's: a program that interposes clock_gettime may allocate in it, and the clock
// is read with locks held.
#include "os/clock.h"

#include <time.h>

#include <atomic>

#include "os/vdso.h"

namespace kslab {

namespace {

using clock_function = int(clockid_t, timespec*);

#if defined(__x86_64__)
constexpr char kName[] = "__vdso_clock_gettime";
#else
constexpr char kName[] = "__kernel_clock_gettime";
#endif

std::atomic<bool (*)(uint64_t&)> replacement{nullptr};

// Not looked for yet, not there, or the function.
std::atomic<uintptr_t> known_clock{0};
constexpr uintptr_t kNone = 1;

clock_function* vdso_clock() {
    uintptr_t value = known_clock.load(std::memory_order_relaxed);
    if (value == 0) {
        value = reinterpret_cast<uintptr_t>(find_in_vdso(kName));
        if (value == 0) value = kNone;
        known_clock.store(value, std::memory_order_relaxed);
    }
    return value == kNone ? nullptr : reinterpret_cast<clock_function*>(value);
}

}  // namespace

bool clock_read(uint64_t& milliseconds) {
    if (auto source = replacement.load(std::memory_order_relaxed)) return source(milliseconds);
    clock_function* read = vdso_clock();
    timespec now;
    if (read == nullptr || read(CLOCK_MONOTONIC_COARSE, &now) != 0) return false;
    milliseconds = static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
    return true;
}

void clock_set_source(bool (*source)(uint64_t&)) { replacement.store(source, std::memory_order_relaxed); }

}  // namespace kslab
