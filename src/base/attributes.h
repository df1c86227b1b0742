// Compiler attributes under short names, and the few facts about the machine that everything shares.
#pragma once
#include <cstddef>
#include <cstdint>

#define KSLAB_LIKELY(x) __builtin_expect(!!(x), 1)
#define KSLAB_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define KSLAB_NOINLINE __attribute__((noinline, cold))
#define KSLAB_ALWAYS_INLINE inline __attribute__((always_inline))
// For tables of a page and more: sorted by alignment (preload/) they lie apart from what every process touches, which then
// takes fewer pages.
#define KSLAB_APART alignas(4096)
#define KSLAB_EXPORT __attribute__((visibility("default")))
// For declarations: -fvisibility is for definitions, and what might be another library's is reached by way of its address.
#define KSLAB_HIDDEN __attribute__((visibility("hidden")))

namespace kslab {

// kslab's own page, the unit of runs and of the page map. Where the system's page is larger, only the
// calls to the system know it (os/memory.h).
inline constexpr unsigned kPageShift = 12;
inline constexpr size_t kPageSize = size_t{1} << kPageShift;
inline constexpr size_t kCacheLine = 64;

// Of an address of user space. On aarch64 the usual kernel has 48, and maps from above: programs, libraries and what they map have
// the highest bit set. Of 52 bits it gives those beyond only to who asks for them.
#if defined(__aarch64__)
inline constexpr unsigned kAddressBits = 48;
#else
inline constexpr unsigned kAddressBits = 47;
#endif

}  // namespace kslab
