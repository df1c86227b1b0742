// A kmem_cache for a C++ type: what kslab/cache.hpp and kslab/allocator.hpp have in common. C++17 and later.
#ifndef KSLAB_TYPED_CACHE_HPP
#define KSLAB_TYPED_CACHE_HPP

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <mutex>
#include <new>
#include <stdexcept>
#include <type_traits>

#include "cache_name.hpp"
#include "kmalloc_resource.hpp"
#include "kmem_cache.h"

namespace kslab::detail {

inline constexpr size_t kMaxObjectSize = 131072;
inline constexpr size_t kMaxAlignment = 4096;
inline constexpr size_t kSmallestObject = 8;

// A bad name or flag: standard error has a line about it, but for SLAB_CACHE_DMA. Anything else is lack of memory, or of caches (4095).
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

// How often a name was made; for ever, as caches of types are. Types of one name exist: those of unnamed namespaces.
struct used_name {
    cache_name name;
    unsigned times;
    used_name* next;
};
inline std::mutex used_names_lock;
inline used_name* used_names = nullptr;

// Nothing is allocated or freed with the lock: functions of the program's may run then, and come here (call_rcu, shrinkers).
inline unsigned count_name(const cache_name& name) {
    auto* made = ::new (kmalloc_aligned(sizeof(used_name), alignof(used_name))) used_name{name, 0, nullptr};
    used_name* unused = made;
    unsigned times;
    {
        std::lock_guard<std::mutex> guard(used_names_lock);
        used_name* used = used_names;
        while (used != nullptr && strcmp(used->name.text, name.text) != 0) used = used->next;
        if (used == nullptr) {
            made->next = used_names;
            used = used_names = made;
            unused = nullptr;
        }
        times = ++used->times;
    }
    if (unused != nullptr) kfree_aligned(unused, alignof(used_name));
    return times;
}

// A kmem_cache wants a name of its own: the second that would be called NAME is NAME#2, and so on.
inline cache_name unused_name(cache_name name) {
    unsigned times = count_name(name);
    if (times == 1) return name;
    char suffix[12];
    size_t length = static_cast<size_t>(snprintf(suffix, sizeof suffix, "#%u", times)), at = 0;
    while (name.text[at] != '\0' && at + length < cache_name::kLength) at++;
    memcpy(name.text + at, suffix, length + 1);
    return name;
}

template <typename T>
::kmem_cache* create_named(const char* name, unsigned long flags, void (*ctor)(void*)) {
    // The wrapper allocates without GFP_DMA.
    if ((flags & SLAB_CACHE_DMA) != 0) throw_not_created(EINVAL);
    cache_name made{};
    if (name == nullptr) name = (made = unused_name(type_name<T>)).text;
    ::kmem_cache* cache = ::kmem_cache_create(name, object_size<T>, object_alignment<T>, flags, ctor);
    if (cache == nullptr) throw_not_created(errno);
    return cache;
}

// Objects that live as long as their slab.
using slab_function = void (*)(void*, ::kmem_cache*, unsigned long);
template <typename T>
::kmem_cache* create_constructed(const char* name, unsigned long flags, slab_function ctor, slab_function dtor) {
    if ((flags & SLAB_CACHE_DMA) != 0) throw_not_created(EINVAL);
    cache_name made{};
    if (name == nullptr) name = (made = unused_name(type_name<T>)).text;
    ::kmem_cache* cache = ::kmem_cache_create_dtor(name, object_size<T>, object_alignment<T>, flags, ctor, dtor);
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
