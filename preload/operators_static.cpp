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

void* plain(std::size_t size) {
    if (void* object = kslab::malloc_inline(size); KSLAB_LIKELY(object != nullptr)) return object;
    return allocate_or_throw([size] { return kslab::malloc_slow(size); });
}

void* aligned(std::size_t size, std::align_val_t align) {
    return allocate_or_throw([=] { return kslab::memalign_any(static_cast<std::size_t>(align), size); });
}

void* plain_or_null(std::size_t size) noexcept {
    return allocate_or_null([size] { return kslab::malloc_slow(size); });
}

void* aligned_or_null(std::size_t size, std::align_val_t align) noexcept {
    return allocate_or_null([=] { return kslab::memalign_any(static_cast<std::size_t>(align), size); });
}

}  // namespace

#define KSLAB_NAME KSLAB_EXPORT __attribute__((used))

KSLAB_NAME void* operator new(std::size_t size) { return plain(size); }
KSLAB_NAME void* operator new[](std::size_t size) { return plain(size); }
KSLAB_NAME void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return plain_or_null(size); }
KSLAB_NAME void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return plain_or_null(size); }
KSLAB_NAME void* operator new(std::size_t size, std::align_val_t align) { return aligned(size, align); }
KSLAB_NAME void* operator new[](std::size_t size, std::align_val_t align) { return aligned(size, align); }
KSLAB_NAME void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
    return aligned_or_null(size, align);
}
KSLAB_NAME void* operator new[](std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
    return aligned_or_null(size, align);
}

// Sizes and alignments are not trusted: a wrong one must not corrupt anything.
KSLAB_NAME void operator delete(void* p) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete[](void* p) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete(void* p, std::size_t) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete[](void* p, std::size_t) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete(void* p, const std::nothrow_t&) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete[](void* p, const std::nothrow_t&) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete(void* p, std::align_val_t) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete[](void* p, std::align_val_t) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete(void* p, std::size_t, std::align_val_t) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { kslab::free_inline(p); }
KSLAB_NAME void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept {
    kslab::free_inline(p);
}
