// operator new and delete for the static library: a member of its own, compiled with exceptions, which a
// program without C++ does not take.
#include <new>

#include "malloc/malloc.h"

namespace {

// The standard's loop: as long as there is a new_handler, it may find memory, throw, or end the program.
template <typename Allocate>
void* allocate_or_throw(Allocate allocate) {
    for (;;) {
        if (void* object = allocate()) return object;
        std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    }
}

template <typename Allocate>
void* allocate_or_null(Allocate allocate) noexcept {
    try {
        return allocate_or_throw(allocate);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

using kslab::call_kind;

// `caller` is the operator's return address (malloc/malloc.h).
void* plain(std::size_t size, call_kind kind, const void* caller) {
    return allocate_or_throw([=] { return kslab::malloc_inline(size, kind, caller); });
}

void* aligned(std::size_t size, std::align_val_t align, call_kind kind, const void* caller) {
    return allocate_or_throw([=] { return kslab::memalign_any(static_cast<std::size_t>(align), size, kind, caller); });
}

void* plain_or_null(std::size_t size, call_kind kind, const void* caller) noexcept {
    return allocate_or_null([=] { return kslab::malloc_slow(size, kind, caller); });
}

void* aligned_or_null(std::size_t size, std::align_val_t align, call_kind kind, const void* caller) noexcept {
    return allocate_or_null([=] { return kslab::memalign_any(static_cast<std::size_t>(align), size, kind, caller); });
}

}  // namespace

#define KSLAB_NAME KSLAB_EXPORT __attribute__((used))
#define KSLAB_CALLER __builtin_return_address(0)

using size = std::size_t;
using align = std::align_val_t;
using nothrow = const std::nothrow_t&;

KSLAB_NAME void* operator new(size n) { return plain(n, call_kind::new_object, KSLAB_CALLER); }
KSLAB_NAME void* operator new[](size n) { return plain(n, call_kind::new_array, KSLAB_CALLER); }
KSLAB_NAME void* operator new(size n, nothrow) noexcept { return plain_or_null(n, call_kind::new_object, KSLAB_CALLER); }
KSLAB_NAME void* operator new[](size n, nothrow) noexcept { return plain_or_null(n, call_kind::new_array, KSLAB_CALLER); }
KSLAB_NAME void* operator new(size n, align a) { return aligned(n, a, call_kind::new_aligned, KSLAB_CALLER); }
KSLAB_NAME void* operator new[](size n, align a) { return aligned(n, a, call_kind::new_array_aligned, KSLAB_CALLER); }
KSLAB_NAME void* operator new(size n, align a, nothrow) noexcept {
    return aligned_or_null(n, a, call_kind::new_aligned, KSLAB_CALLER);
}
KSLAB_NAME void* operator new[](size n, align a, nothrow) noexcept {
    return aligned_or_null(n, a, call_kind::new_array_aligned, KSLAB_CALLER);
}

// Sizes and alignments are not trusted: a wrong one must not corrupt anything. Debugging compares them.
static KSLAB_ALWAYS_INLINE void give(void* p, call_kind kind, size n = kslab::kNotSaid) {
    kslab::free_inline(p, kind, n);
}
static KSLAB_ALWAYS_INLINE void give(void* p, call_kind kind, size n, align a) {
    kslab::free_inline(p, kind, n, static_cast<size>(a));
}

KSLAB_NAME void operator delete(void* p) noexcept { give(p, call_kind::delete_object); }
KSLAB_NAME void operator delete[](void* p) noexcept { give(p, call_kind::delete_array); }
KSLAB_NAME void operator delete(void* p, size n) noexcept { give(p, call_kind::delete_object, n); }
KSLAB_NAME void operator delete[](void* p, size n) noexcept { give(p, call_kind::delete_array, n); }
KSLAB_NAME void operator delete(void* p, nothrow) noexcept { give(p, call_kind::delete_object); }
KSLAB_NAME void operator delete[](void* p, nothrow) noexcept { give(p, call_kind::delete_array); }
KSLAB_NAME void operator delete(void* p, align a) noexcept {
    give(p, call_kind::delete_aligned, kslab::kNotSaid, a);
}
KSLAB_NAME void operator delete[](void* p, align a) noexcept {
    give(p, call_kind::delete_array_aligned, kslab::kNotSaid, a);
}
KSLAB_NAME void operator delete(void* p, size n, align a) noexcept { give(p, call_kind::delete_aligned, n, a); }
KSLAB_NAME void operator delete[](void* p, size n, align a) noexcept {
    give(p, call_kind::delete_array_aligned, n, a);
}
KSLAB_NAME void operator delete(void* p, align a, nothrow) noexcept {
    give(p, call_kind::delete_aligned, kslab::kNotSaid, a);
}
KSLAB_NAME void operator delete[](void* p, align a, nothrow) noexcept {
    give(p, call_kind::delete_array_aligned, kslab::kNotSaid, a);
}
