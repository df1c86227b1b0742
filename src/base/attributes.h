// Compiler attributes under short names, and the two facts about the machine that everything shares.
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

}  // namespace kslab
