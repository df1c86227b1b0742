// Caches of objects for C++ programs (C++17 and later): header-only, over kslab/kmem_cache.h and kslab/kmalloc.h.
//
//   kslab::cache<connection> connections;                    a kmem_cache of its own
//   auto c = connections.make_unique(socket);                constructed; goes back by itself
//   std::pmr::list<int> list(&nodes);                        any kslab::cache is a std::pmr::memory_resource
//   std::map<int, order, std::less<>, kslab::allocator<std::pair<const int, order>>> orders;
//
// All of it is safe in any thread and not in signal handlers, as kmem_cache_alloc is. What cannot be had is
// std::bad_alloc. Objects have at least 8 bytes; their alignment is at most 4096.
#ifndef KSLAB_CACHE_HPP
#define KSLAB_CACHE_HPP

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "kmalloc.h"
#include "kmem_cache.h"

namespace kslab {

// ---- Names

// A cache's name: 31 characters and the end.
struct cache_name {
    static constexpr size_t kLength = 31;
    char text[kLength + 1] = {};
};

namespace detail {

// `length` characters of a type's name. What separates words in /proc/slabinfo and in kslab's options, and what is no
// ASCII, becomes `_`. What is too long keeps its beginning and ends in `~` and six digits made of the whole.
constexpr cache_name make_name(const char* type, size_t length) {
    constexpr char kDigits[] = "0123456789abcdef";
    constexpr size_t kKept = cache_name::kLength - 7;
    cache_name name{};
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        char c = type[i];
        bool plain = c > ' ' && c <= '~' && c != ',' && c != ';' && c != '*';
        if (i < (length > cache_name::kLength ? kKept : length)) name.text[i] = plain ? c : '_';
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    }
    if (length <= cache_name::kLength) return name;
    hash ^= hash >> 24;
    name.text[kKept] = '~';
    for (size_t i = 0; i < 6; i++) name.text[kKept + 1 + i] = kDigits[(hash >> (20 - 4 * i)) & 15];
    return name;
}

// gcc and clang write "[with T = NAME]" and "[T = NAME]" behind the function.
template <typename T>
constexpr cache_name name_of_type() {
    constexpr char kMark[] = "T = ";
    const char* text = __PRETTY_FUNCTION__;
    size_t begin = 0, end = 0;
    while (text[end] != '\0') end++;
    for (size_t i = 0; begin == 0 && i + 4 < end; i++)
        if (text[i] == kMark[0] && text[i + 1] == kMark[1] && text[i + 2] == kMark[2] && text[i + 3] == kMark[3])
            begin = i + 4;
    return make_name(text + begin, end - 1 - begin);
}

}  // namespace detail

// What the caches of T are called when nobody names them: "connection", "std::_List_node<int>". Made by the compiler.
template <typename T>
inline constexpr cache_name type_name = detail::name_of_type<T>();

// ---- What is below caches and allocators

namespace detail {

inline constexpr size_t kMaxObjectSize = 131072;
inline constexpr size_t kMaxAlignment = 4096;
inline constexpr size_t kSmallestObject = 8;

[[noreturn]] inline void throw_bad_alloc() {
#ifdef __cpp_exceptions
    throw std::bad_alloc();
#else
    abort();
#endif
}

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
        if (bytes > std::numeric_limits<ptrdiff_t>::max() - alignment - sizeof(void*)) throw_bad_alloc();
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

// ---- Caches

// A T for caches under containers of std::pmr, whose nodes have no name: kslab::cache<kslab::room_for<48>>.
template <size_t Bytes, size_t Alignment = alignof(max_align_t)>
struct room_for {
    alignas(Alignment) std::byte bytes[Bytes];
};

// A kmem_cache of Ts, sizeof(T) up to 128 KiB. As a memory resource it serves what fits a T's size and alignment; all
// else, and nothing of that, comes from `upstream`.
//
// The destructor wants all objects back. When some are still in use, a line on standard error says how many and the
// kmem_cache stays: its objects remain valid, but only kfree can take them then.
template <typename T>
class cache final : public std::pmr::memory_resource {
public:
    // `name`: 31 characters count; null makes one from the type (type_name). `flags`: SLAB_... of kslab/kmem_cache.h.
    // Throws std::invalid_argument for a bad name or flag, std::bad_alloc when memory or caches have run out.
    explicit cache(const char* name = nullptr, unsigned long flags = 0,
                   std::pmr::memory_resource* upstream = kmalloc_resource())
        : native_(detail::create_named<T>(name, flags, nullptr)), upstream_(upstream) {
        detail::check_type<T>();
        static_assert(sizeof(T) <= detail::kMaxObjectSize,
                      "kslab::cache: objects have at most 131072 bytes; kslab::kmalloc_resource() takes larger ones");
    }
    cache(const cache&) = delete;
    cache& operator=(const cache&) = delete;
    ~cache() override { ::kmem_cache_destroy(native_); }

    // Memory for one T, not constructed.
    [[nodiscard]] T* allocate() { return static_cast<T*>(detail::allocate_from(native_)); }
    // Takes that back; null does nothing. No destructor runs.
    void deallocate(T* object) noexcept { ::kmem_cache_free(native_, object); }
    using std::pmr::memory_resource::allocate;
    using std::pmr::memory_resource::deallocate;

    // A T made of `arguments`. When its constructor throws, the memory has gone back.
    template <typename... Arguments>
    [[nodiscard]] T* create(Arguments&&... arguments) {
        keeper memory{this, allocate()};
        T* object;
        if constexpr (std::is_constructible_v<T, Arguments...>)
            object = ::new (static_cast<void*>(memory.object)) T(std::forward<Arguments>(arguments)...);
        else
            object = ::new (static_cast<void*>(memory.object)) T{std::forward<Arguments>(arguments)...};
        memory.object = nullptr;
        return object;
    }
    // Destroys an object of create; null does nothing.
    void destroy(T* object) noexcept {
        if (object == nullptr) return;
        object->~T();
        deallocate(object);
    }

    struct deleter {
        cache* from;
        void operator()(T* object) const noexcept { from->destroy(object); }
    };
    using unique_ptr = std::unique_ptr<T, deleter>;
    // create, and destroy when the pointer's life ends. The cache must outlive it.
    template <typename... Arguments>
    [[nodiscard]] unique_ptr make_unique(Arguments&&... arguments) {
        return unique_ptr(create(std::forward<Arguments>(arguments)...), deleter{this});
    }

    // For the functions of kslab/kmem_cache.h. It belongs to this object.
    ::kmem_cache* native() const noexcept { return native_; }
    std::pmr::memory_resource* upstream() const noexcept { return upstream_; }

private:
    struct keeper {
        cache* from;
        T* object;
        ~keeper() {
            if (object != nullptr) from->deallocate(object);
        }
    };

    static bool fits(size_t bytes, size_t alignment) noexcept {
        return bytes <= detail::object_size<T> && alignment <= detail::object_alignment<T>;
    }
    void* do_allocate(size_t bytes, size_t alignment) override {
        return fits(bytes, alignment) ? detail::allocate_from(native_) : upstream_->allocate(bytes, alignment);
    }
    void do_deallocate(void* memory, size_t bytes, size_t alignment) override {
        if (fits(bytes, alignment)) return ::kmem_cache_free(native_, memory);
        upstream_->deallocate(memory, bytes, alignment);
    }
    // What came from one cache can go back to that one only.
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

    ::kmem_cache* native_;
    std::pmr::memory_resource* upstream_;
};

// A kmem_cache whose objects are constructed once, by T(), when their slab is made, and keep their state from one use
// to the next: a mutex, a buffer, a list head need no set-up at every acquire. Release objects as acquire gave them:
// mutexes unlocked, lists empty, counters as the next user expects them.
//
// T() runs on a slow path of whichever thread acquires, many times in a row; it cannot report failure and must not use
// its own cache. Objects are never destroyed one by one, so T must be trivially destructible.
template <typename T>
class constructed_cache {
public:
    explicit constructed_cache(const char* name = nullptr, unsigned long flags = 0)
        : native_(detail::create_named<T>(name, flags, construct)) {
        detail::check_type<T>();
        static_assert(sizeof(T) <= detail::kMaxObjectSize, "kslab::constructed_cache: objects have at most 131072 bytes");
        static_assert(std::is_nothrow_default_constructible_v<T>,
                      "kslab::constructed_cache: T() must be noexcept; slabs are made where nobody can catch");
        static_assert(std::is_trivially_destructible_v<T>,
                      "kslab::constructed_cache: T must be trivially destructible; its slab's memory just goes away");
    }
    constructed_cache(const constructed_cache&) = delete;
    constructed_cache& operator=(const constructed_cache&) = delete;
    ~constructed_cache() { ::kmem_cache_destroy(native_); }

    // An object in the state that its constructor, or its last user, left it in.
    [[nodiscard]] T* acquire() { return std::launder(static_cast<T*>(detail::allocate_from(native_))); }
    // Takes it back as it is; null does nothing.
    void release(T* object) noexcept { ::kmem_cache_free(native_, object); }

    struct releaser {
        constructed_cache* from;
        void operator()(T* object) const noexcept { from->release(object); }
    };
    using unique_ptr = std::unique_ptr<T, releaser>;
    // acquire, and release when the pointer's life ends. The cache must outlive it.
    [[nodiscard]] unique_ptr acquire_unique() { return unique_ptr(acquire(), releaser{this}); }

    ::kmem_cache* native() const noexcept { return native_; }

private:
    static void construct(void* memory) noexcept { ::new (memory) T(); }

    ::kmem_cache* native_;
};

// ---- The allocator for containers

namespace detail {

// One for each type in the process. Never destroyed: objects with static storage may give memory back after anything
// that could destroy it. The cache is made at the first allocation; when that fails, the next one tries again.
template <typename T>
::kmem_cache* cache_of_type() {
    static ::kmem_cache* const cache = create_named<T>(nullptr, 0, nullptr);
    return cache;
}

}  // namespace detail

// A standard allocator without state: single objects come from a cache that all of the process's allocators of that
// type share, arrays (and single objects over 128 KiB) from kmalloc. A container that allocates nodes gets a cache for
// its node type in this way. T may be incomplete until the first allocation.
template <typename T>
class allocator {
public:
    using value_type = T;
    using size_type = size_t;
    using difference_type = ptrdiff_t;
    using is_always_equal = std::true_type;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    constexpr allocator() noexcept = default;
    template <typename U>
    constexpr allocator(const allocator<U>&) noexcept {}

    // Throws std::bad_array_new_length when `n` objects are more than an address space holds.
    [[nodiscard]] T* allocate(size_t n) {
        detail::check_type<T>();
        if (is_cached(n)) return static_cast<T*>(detail::allocate_from(detail::cache_of_type<T>()));
        if (n > static_cast<size_t>(std::numeric_limits<ptrdiff_t>::max()) / sizeof(T)) too_many();
        return static_cast<T*>(detail::kmalloc_aligned(n * sizeof(T), alignof(T)));
    }
    // `n` as it was at the allocation.
    void deallocate(T* objects, size_t n) noexcept {
        if (is_cached(n)) return ::kmem_cache_free(detail::cache_of_type<T>(), objects);
        ::kfree(objects);
    }

private:
    static constexpr bool is_cached(size_t n) noexcept { return n == 1 && sizeof(T) <= detail::kMaxObjectSize; }

    [[noreturn]] static void too_many() {
#ifdef __cpp_exceptions
        throw std::bad_array_new_length();
#else
        abort();
#endif
    }
};

template <typename T, typename U>
constexpr bool operator==(const allocator<T>&, const allocator<U>&) noexcept {
    return true;
}
template <typename T, typename U>
constexpr bool operator!=(const allocator<T>&, const allocator<U>&) noexcept {
    return false;
}

}  // namespace kslab

#endif
