// A standard allocator over kslab's caches (C++17 and later):
//
//   std::list<int, kslab::allocator<int>> list;
//   std::map<int, order, std::less<>, kslab::allocator<std::pair<const int, order>>> orders;
//
// Safe in any thread and not in signal handlers. What cannot be had is std::bad_alloc.
#ifndef KSLAB_ALLOCATOR_HPP
#define KSLAB_ALLOCATOR_HPP

#include <stddef.h>
#include <stdlib.h>

#include <atomic>
#include <limits>
#include <new>
#include <type_traits>

#include "typed_cache.hpp"

namespace kslab {

namespace detail {

// One for each type in the process. Never destroyed: objects with static storage may give memory back after anything
// that could destroy it. The cache is made at the first allocation; when that fails, the next one tries again. Of two that
// are made at once, by threads or by a function that runs while one is made (call_rcu, shrinkers), one goes again.
template <typename T>
::kmem_cache* cache_of_type() {
    static std::atomic<::kmem_cache*> known{nullptr};
    ::kmem_cache* cache = known.load(std::memory_order_acquire);
    if (cache != nullptr) return cache;
    ::kmem_cache* made = create_named<T>(nullptr, 0, nullptr);
    if (known.compare_exchange_strong(cache, made, std::memory_order_acq_rel, std::memory_order_acquire)) return made;
    ::kmem_cache_destroy(made);
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
        detail::kfree_aligned(objects, alignof(T));
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
