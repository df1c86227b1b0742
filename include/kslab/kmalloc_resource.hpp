// kmalloc for C++ programs (C++17 and later): any alignment, std::bad_alloc, a std::pmr::memory_resource. Safe in any
// thread and not in signal handlers.
#ifndef KSLAB_KMALLOC_RESOURCE_HPP
#define KSLAB_KMALLOC_RESOURCE_HPP

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <limits>
#include <memory_resource>
#include <new>

#include "kmalloc.h"

namespace kslab {

namespace detail {

[[noreturn]] inline void throw_bad_alloc() {
#ifdef __cpp_exceptions
    throw std::bad_alloc();
#else
    abort();
#endif
}

// kmalloc aligns to 8 up to 8 bytes and to 16 above, with debugging too. What wants more lies inside of a larger object,
// with a pointer to the beginning of that in front.
inline void* kmalloc_aligned(size_t bytes, size_t alignment) {
    constexpr size_t kMost = std::numeric_limits<size_t>::max() / 4;
    if (bytes > kMost || alignment > kMost) throw_bad_alloc();
    size_t least = alignment > 8 ? 16 : 1;
    size_t size = alignment > 16 ? bytes + alignment : bytes < least ? least : bytes;
    char* begin = static_cast<char*>(::kmalloc(size, GFP_KERNEL));
    if (begin == nullptr) throw_bad_alloc();
    if (alignment <= 16) return begin;
    void* memory = begin + alignment - (reinterpret_cast<uintptr_t>(begin) & (alignment - 1));
    static_cast<void**>(memory)[-1] = begin;
    return memory;
}

inline void kfree_aligned(void* memory, size_t alignment) noexcept {
    ::kfree(alignment <= 16 ? memory : static_cast<void**>(memory)[-1]);
}

class kmalloc_memory final : public std::pmr::memory_resource {
    void* do_allocate(size_t bytes, size_t alignment) override { return kmalloc_aligned(bytes, alignment); }
    void do_deallocate(void* memory, size_t, size_t alignment) override { kfree_aligned(memory, alignment); }
    // There is one object of this class.
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace detail

// kmalloc and kfree as a memory resource, for any alignment. The one object lives until the process ends.
inline std::pmr::memory_resource* kmalloc_resource() noexcept {
    alignas(detail::kmalloc_memory) static unsigned char room[sizeof(detail::kmalloc_memory)];
    static std::pmr::memory_resource* resource = ::new (static_cast<void*>(room)) detail::kmalloc_memory;
    return resource;
}

}  // namespace kslab

#endif
