#include "os/low_memory.h"

#include <errno.h>
#include <sys/mman.h>

#include <atomic>

#include "base/bits.h"
#include "os/memory.h"
#include "os/syscall.h"

namespace kslab {

namespace {

// Below it lie executables that are linked to a fixed address, and their brk heaps grow.
constexpr uintptr_t kFloor = uintptr_t{256} << 20;
constexpr uintptr_t kStep = uintptr_t{1} << 20;

// Linux 4.17. Older kernels ignore it, and take the address as a hint.
constexpr int kNoReplace = 0x100000;
#ifdef MAP_32BIT
constexpr int kLow = MAP_32BIT;
#else
constexpr int kLow = 0;
#endif

std::atomic<bool> only_hints{false};
std::atomic<int> this_place{kNoReplace};
// Where the last place was found: what lies below it is tried first.
std::atomic<uintptr_t> found_at{kLowEnd};

long map(uintptr_t where, size_t bytes, int flags) {
    return raw_syscall(SYS_mmap, static_cast<long>(where), static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

// What lies elsewhere goes back.
void* kept_if_low(long mapped, size_t bytes) {
    void* start = reinterpret_cast<void*>(mapped);
    if (static_cast<uintptr_t>(mapped) + bytes <= kLowEnd) return start;
    os_unmap(start, bytes);
    return nullptr;
}

// From above to below. `refused`: the process may map no more, wherever.
void* try_places(uintptr_t end, size_t bytes, size_t step, bool& refused) {
    for (; end >= kFloor + bytes; end -= step) {
        long mapped = map(end - bytes, bytes, this_place.load(std::memory_order_relaxed));
        refused = mapped == -ENOMEM;
        if (refused) return nullptr;
        if (syscall_failed(mapped)) continue;
        if (void* low = kept_if_low(mapped, bytes)) {
            found_at.store(reinterpret_cast<uintptr_t>(low), std::memory_order_relaxed);
            return low;
        }
    }
    return nullptr;
}

}  // namespace

void* os_map_low(size_t bytes) {
    bytes = align_up(bytes, os_page_size());
    if (bytes == 0 || bytes > kLowEnd - kFloor) return nullptr;
    if (kLow != 0 && !only_hints.load(std::memory_order_relaxed)) {
        long mapped = map(0, bytes, kLow);
        if (!syscall_failed(mapped))
            if (void* low = kept_if_low(mapped, bytes)) return low;
    }
    bool refused = false;
    void* low = try_places(found_at.load(std::memory_order_relaxed), bytes, align_up(bytes, kStep), refused);
    // What was given back may lie anywhere.
    if (low == nullptr && !refused) low = try_places(kLowEnd, bytes, kStep, refused);
    return low;
}

void os_map_low_by_hints(bool only, bool old_kernel) {
    only_hints.store(only, std::memory_order_relaxed);
    this_place.store(old_kernel ? 0 : kNoReplace, std::memory_order_relaxed);
}

}  // namespace kslab
