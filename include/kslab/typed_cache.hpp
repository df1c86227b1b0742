// A kmem_cache for a C++ type: what kslab/cache.hpp and kslab/allocator.hpp have in common. C++17 and later.
#ifndef KSLAB_TYPED_CACHE_HPP
#define KSLAB_TYPED_CACHE_HPP

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include <atomic>
#include <stdexcept>
#include <type_traits>

#include "cache_name.hpp"
#include "kmalloc_resource.hpp"
#include "kmem_cache.h"

namespace kslab::detail {

inline constexpr size_t kMaxObjectSize = 131072;
inline constexpr size_t kSmallestObject = 8;

// A bad name or flag: standard error has a line about it. Anything else is lack of memory, or of caches (4095).
[[noreturn]] inline void throw_not_created([[maybe_unused]] int error) {
#ifdef __cpp_exceptions
    if (error == EINVAL) throw std::invalid_argument("kslab: the cache's name or flags");
#endif
    throw_bad_alloc();
}

template <typename T>
inline constexpr size_t object_size = sizeof(T) < kSmallestObject ? kSmallestObject : sizeof(T);
template <typename T>
inline constexpr size_t object_alignment = alignof(T) < kSmallestObject ? kSmallestObject : alignof(T);

template <typename T>
constexpr void check_type() {
    static_assert(std::is_object_v<T> && !std::is_array_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                  "kslab: caches hold objects: no references, functions, arrays, const or volatile types");
    static_assert(alignof(T) <= kMaxAlignment, "kslab: objects are aligned to 4096 bytes at most");
}

// The second unnamed cache of a type is NAME#2, and so on: a kmem_cache wants a name of its own.
template <typename T>
::kmem_cache* create_named(const char* name, unsigned long flags, void (*ctor)(void*)) {
    static std::atomic<unsigned> unnamed{0};
    cache_name numbered = type_name<T>;
    if (name == nullptr) {
        unsigned number = unnamed.fetch_add(1, std::memory_order_relaxed) + 1;
        if (number > 1) {
            char suffix[12];
            size_t length = static_cast<size_t>(snprintf(suffix, sizeof suffix, "#%u", number)), at = 0;
            while (numbered.text[at] != '\0' && at + length < cache_name::kLength) at++;
            for (size_t i = 0; i <= length; i++) numbered.text[at + i] = suffix[i];
        }
        name = numbered.text;
    }
    ::kmem_cache* cache = ::kmem_cache_create(name, object_size<T>, object_alignment<T>, flags, ctor);
    if (cache == nullptr) throw_not_created(errno);
    return cache;
}

inline void* allocate_from(::kmem_cache* cache) {
    void* object = ::kmem_cache_alloc(cache, GFP_KERNEL);
    if (object == nullptr) throw_bad_alloc();
    return object;
}

}  // namespace kslab::detail

#endif
