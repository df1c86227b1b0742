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

inline constexpr size_t kMaxAlignment = 4096;

[[noreturn]] inline void throw_bad_alloc() {
#ifdef __cpp_exceptions
    throw std::bad_alloc();
#else
    abort();
#endif
}

// kmalloc aligns to 8 up to 8 bytes, to 16 above, and powers of two to themselves, up to a page. 0: too large.
inline size_t aligned_size(size_t bytes, size_t alignment) {
    if (alignment <= 16) return bytes > 8 || alignment <= 8 ? (bytes == 0 ? 1 : bytes) : 16;
    size_t size = alignment;
    while (size != 0 && size < bytes) size *= 2;
    return size;
}

// `alignment` is at most 4096. kfree takes it back.
inline void* kmalloc_aligned(size_t bytes, size_t alignment) {
    size_t size = aligned_size(bytes, alignment);
    void* memory = size == 0 ? nullptr : ::kmalloc(size, GFP_KERNEL);
    if (memory == nullptr) throw_bad_alloc();
    return memory;
}

class kmalloc_memory final : public std::pmr::memory_resource {
    void* do_allocate(size_t bytes, size_t alignment) override {
        if (alignment <= kMaxAlignment) return kmalloc_aligned(bytes, alignment);
        // Beyond a page: somewhere inside of a larger one, with a pointer to its beginning in front.
        constexpr size_t kMost = std::numeric_limits<size_t>::max() / 4;
        if (bytes > kMost || alignment > kMost) throw_bad_alloc();
        char* begin = static_cast<char*>(kmalloc_aligned(bytes + alignment + sizeof(void*), sizeof(void*)));
        uintptr_t behind = reinterpret_cast<uintptr_t>(begin) + sizeof(void*) + alignment - 1;
        void* memory = begin + ((behind & ~(alignment - 1)) - reinterpret_cast<uintptr_t>(begin));
        static_cast<void**>(memory)[-1] = begin;
        return memory;
    }
    void do_deallocate(void* memory, size_t, size_t alignment) override {
        ::kfree(alignment <= kMaxAlignment ? memory : static_cast<void**>(memory)[-1]);
    }
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
