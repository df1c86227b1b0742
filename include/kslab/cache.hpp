// Caches of objects for C++ programs (C++17 and later): header-only, over kslab/kmem_cache.h and kslab/kmalloc.h.
//
//   kslab::cache<connection> connections;                 a kmem_cache of its own
//   auto c = connections.make_unique(socket);             constructed; goes back by itself
//   kslab::constructed_cache<session> sessions;           objects that stay constructed between uses
//   kslab::cache<kslab::room_for<48>> nodes;              any kslab::cache is a std::pmr::memory_resource
//   std::pmr::list<int> numbers(&nodes);
//   std::list<int, kslab::allocator<int>> list;           kslab/allocator.hpp, which this header includes
//
// All of it is safe in any thread and not in signal handlers, as kmem_cache_alloc is. What cannot be had is
// std::bad_alloc. Objects have at least 8 bytes; their alignment is at most 4096.
#ifndef KSLAB_CACHE_HPP
#define KSLAB_CACHE_HPP

#if __cplusplus < 201703L
#error "kslab/cache.hpp needs C++17: -std=c++17"
#endif

#include <stddef.h>

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>

#include "allocator.hpp"

namespace kslab {

// A T for caches under containers of std::pmr, whose nodes have no name: kslab::cache<kslab::room_for<48>>.
template <size_t Bytes, size_t Alignment = alignof(max_align_t)>
struct room_for {
    alignas(Alignment) std::byte bytes[Bytes];
};

// A kmem_cache of Ts, sizeof(T) up to 128 KiB. As a memory resource it serves what fits a T's size and alignment; all
// else, and nothing of that, comes from `upstream`.
//
// The destructor wants all objects back. When some are still in use, a line on standard error says how many and the
// kmem_cache stays: its objects remain valid, but only kfree can take them then. Like caches may share one kmem_cache
// (kmem_cache_create), which goes with the last of them: SLAB_NO_MERGE forbids it.
template <typename T>
class cache final : public std::pmr::memory_resource {
public:
    // `name`: 31 characters count; null makes one from the type (type_name). `flags`: SLAB_... of kslab/kmem_cache.h.
    // Throws std::invalid_argument for a bad name or flag, and for SLAB_CACHE_DMA, std::bad_alloc when memory or caches have
    // run out.
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

    // For the functions of kslab/kmem_cache.h; valid as long as this object.
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
// its own cache. ~T() runs when the slab is given back, on a slow path of any thread, at the latest with the cache; nor
// may it use the cache. With SLAB_POISON both run at every acquire and release. SLAB_DEBUG_INITIAL has no effect: there
// is no T() that only looks.
template <typename T>
class constructed_cache {
public:
    explicit constructed_cache(const char* name = nullptr, unsigned long flags = 0)
        : native_(detail::create_constructed<T>(name, flags, construct, kDestroys ? destruct : nullptr)) {
        detail::check_type<T>();
        static_assert(sizeof(T) <= detail::kMaxObjectSize, "kslab::constructed_cache: objects have at most 131072 bytes");
        static_assert(std::is_nothrow_default_constructible_v<T>,
                      "kslab::constructed_cache: T() must be noexcept; slabs are made where nobody can catch");
        static_assert(std::is_nothrow_destructible_v<T>, "kslab::constructed_cache: ~T() must be noexcept");
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
    // Objects without a destructor cost no visit when their slab goes.
    static constexpr bool kDestroys = !std::is_trivially_destructible_v<T>;
    static void construct(void* memory, ::kmem_cache*, unsigned long flags) noexcept {
        if ((flags & SLAB_CTOR_VERIFY) == 0) ::new (memory) T();
    }
    static void destruct(void* memory, ::kmem_cache*, unsigned long) noexcept { static_cast<T*>(memory)->~T(); }

    ::kmem_cache* native_;
};

}  // namespace kslab

#endif
