#include "malloc/malloc.h"

#include <stdint.h>

#include "base/bits.h"
#include "kmalloc/class_object.h"
#include "kmalloc/kmalloc.h"
#include "malloc/foreign.h"
#include "os/memory.h"
#include "thread/rcu.h"
#include "thread/slots.h"

namespace kslab {

namespace {

// A size that cannot be is refused before any rounding; glibc refuses the same.
bool absurd(size_t size) { return size > PTRDIFF_MAX; }

void* out_of_memory() {
    errno = ENOMEM;
    return nullptr;
}

// A size that no memory could satisfy: likely a negative number, or arithmetic that overflowed.
void* impossible(const call& how, size_t count = 1) {
    if (debug_flags != 0) debug_functions.bad_size(how, count);
    return out_of_memory();
}

void* none() { return nullptr; }

// Most of what the fast paths leave: the array is empty, or full. An array with a capacity is the thread's own, in no group, of a
// class that is neither under debugging nor counted; and kslab does not stand down, for no size has a slot then. So nothing has to
// be asked but whether allocations are sampled. Null: the long way is to try.
void* refill_own(uint16_t slot) {
    thread_cache* thread = current_thread;
    array_cache* ac = array_at(thread, slot);
    if (KSLAB_UNLIKELY(ac->capacity() == 0 || debug_sampling)) return nullptr;
    void* object = cache_alloc_refill(thread, cache_of_slot(slot), ac, GFP_KERNEL);
    rcu_poll();
    return object;
}

bool flush_own(uint16_t slot, void* object) {
    thread_cache* thread = current_thread;
    array_cache* ac = array_at(thread, slot);
    if (KSLAB_UNLIKELY(ac->capacity() == 0)) return false;
    cache_flusharray(thread, cache_of_slot(slot), ac, object);
    rcu_poll();
    return true;
}

// The slot of the class whose array may serve this request. 0: none; or a larger object that realloc wants as a run.
uint16_t slot_for(size_t size, call_kind kind) {
    if (KSLAB_LIKELY(size <= kFastMaximum)) return malloc_slots[(size + 15) >> 4];
    bool whole_pages = size <= kLargestWholePages && kind != call_kind::realloc;
    return whole_pages ? malloc_slots[kPageSlots + ((size - 1) >> kPageShift)] : uint16_t{0};
}

void* or_enomem(void* object) { return KSLAB_LIKELY(object != nullptr) ? object : out_of_memory(); }

}  // namespace

void* malloc_missed(size_t size, call_kind kind, const void* caller) {
    if (void* object = refill_own(slot_for(size, kind)); KSLAB_LIKELY(object != nullptr)) return object;
    malloc_boot();
    if (KSLAB_UNLIKELY(standing_down())) return next_malloc().malloc(size);
    if (absurd(size)) return impossible({.kind = kind, .size = size});
    return or_enomem(kmalloc_slow({.kind = kind, .size = size, .caller = caller}));
}

void* malloc_slow(size_t size, call_kind kind, const void* caller) {
    return malloc_whole_pages(size, [=] { return malloc_missed(size, kind, caller); });
}

void free_slow(void* object, call_kind kind, size_t size, size_t align) {
    if (object == nullptr) return;
    uint16_t slot = page_value(object);
    if (array_push(array_at(current_thread, slot), object) || flush_own(slot, object)) return;
    free_missed(object, kind, size, align);
}

void free_missed(void* object, call_kind kind, size_t size, size_t align) {
    call how{.kind = kind};
    if (size != kNotSaid) how.size = size, how.sized = true;
    if (align != kNotSaid) how.align = align;
    page_owner owner = page_owner_inline(object);
    if (KSLAB_UNLIKELY(owner.none())) return free_foreign(object, how);
    free_owned(object, owner, how);
}

void* calloc_any(size_t count, size_t size) {
    size_t bytes;
    if (KSLAB_LIKELY(!__builtin_mul_overflow(count, size, &bytes) && bytes <= kFastMaximum))
        if (void* object = malloc_fast(bytes, none); KSLAB_LIKELY(object != nullptr)) return __builtin_memset(object, 0, bytes);
    return calloc_missed(count, size);
}

void* calloc_missed(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return impossible({.kind = call_kind::calloc, .size = size}, count);
    malloc_boot();
    if (KSLAB_UNLIKELY(standing_down())) return next_malloc().calloc(count, size);
    if (absurd(bytes)) return impossible({.kind = call_kind::calloc, .size = size}, count);
    return or_enomem(kmalloc_slow(
        {.kind = call_kind::calloc, .size = bytes, .zero = true, .caller = __builtin_return_address(0)}));
}

namespace {

void* copy_to_new(void* object, size_t have, size_t size, const void* caller) {
    // What was resized once may be again: beyond the arrays there are runs, which grow and shrink in place.
    void* larger = size > kFastMaximum ? malloc_missed(size, call_kind::realloc, caller)
                                       : malloc_inline(size, call_kind::realloc, caller);
    if (larger == nullptr) return nullptr;
    size_t bytes = have < size ? have : size;
    if (size > kFastMaximum) prepare_for_copy(larger, bytes);
    __builtin_memcpy(larger, object, bytes);
    free_inline(object, call_kind::realloc);
    return larger;
}

void* realloc_zero_size(void* object, const void* caller) {
    free_inline(object, call_kind::realloc);
    return active_options.realloc_zero_size == realloc_zero::alloc ? malloc_inline(0, call_kind::realloc, caller) : nullptr;
}

}  // namespace

void* realloc_any(void* object, size_t size, const void* caller) {
    if (object == nullptr) return malloc_inline(size, call_kind::realloc, caller);
    page_owner owner = page_owner_inline(object);
    if (KSLAB_UNLIKELY(owner.none())) return realloc_foreign(object, size);
    if (size_t have = class_object_size(object, owner); KSLAB_LIKELY(have != 0 && size - 1 < kFastMaximum))  // 0 and what is large: below
        return resize_keeps(have, size) ? object : copy_to_new(object, have, size, caller);
    if (KSLAB_UNLIKELY(under_debugging(owner)) && !debug_functions.may_realloc(object, owner, call_kind::realloc)) return out_of_memory();
    if (size == 0) return realloc_zero_size(object, caller);
    if (absurd(size)) return impossible({.kind = call_kind::realloc, .size = size});
    if (resize_in_place(object, owner, size)) return object;
    if (void* moved = resize_by_moving(object, owner, size)) return moved;
    return copy_to_new(object, usable_size(object, owner), size, caller);
}

void* reallocarray_any(void* object, size_t count, size_t size, const void* caller) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return impossible({.kind = call_kind::realloc, .size = size}, count);
    return realloc_any(object, bytes, caller);
}

void* memalign_any(size_t align, size_t size, call_kind kind, const void* caller) {
    auto missed = [=] { return memalign_missed(align, size, kind, caller); };
    // Debugging of some classes serves aligned objects from another class than this.
    if (KSLAB_UNLIKELY(!is_power_of_two(align) || debug_flags != 0)) return missed();
    return array_pop(array_at(current_thread, aligned_slot(size, align)), missed);
}

void* memalign_missed(size_t align, size_t size, call_kind kind, const void* caller) {
    malloc_boot();
    if (KSLAB_UNLIKELY(standing_down())) return next_malloc().memalign(align, size);
    if (align > PTRDIFF_MAX / 2 + size_t{1}) {
        errno = EINVAL;
        return nullptr;
    }
    if (!is_power_of_two(align)) align = align == 0 ? 1 : next_power_of_two(align);
    if (align <= kMallocMinimum) return malloc_inline(size, kind, caller);
    if (absurd(size) || size > PTRDIFF_MAX - align) return impossible({.kind = kind, .size = size, .align = align});
    return or_enomem(kmalloc_slow({.kind = kind, .size = size, .align = align, .caller = caller}));
}

int posix_memalign_any(void** result, size_t align, size_t size, const void* caller) {
    if (!is_power_of_two(align) || align % sizeof(void*) != 0) return EINVAL;
    int saved = errno;
    void* object = memalign_any(align, size, call_kind::posix_memalign, caller);
    errno = saved;
    if (object == nullptr) return ENOMEM;
    *result = object;
    return 0;
}

void* valloc_any(size_t size, const void* caller) { return memalign_any(os_page_size(), size, call_kind::valloc, caller); }

void* pvalloc_any(size_t size, const void* caller) {
    if (absurd(size)) return impossible({.kind = call_kind::pvalloc, .size = size});
    return memalign_any(os_page_size(), align_up(size == 0 ? 1 : size, os_page_size()), call_kind::pvalloc, caller);
}

size_t usable_size_any(const void* object) {
    if (object == nullptr) return 0;
    page_owner owner = page_owner_inline(object);
    if (KSLAB_UNLIKELY(owner.none())) return usable_size_foreign(object);
    if (size_t size = class_object_size(object, owner); KSLAB_LIKELY(size != 0)) return size;
    return usable_size(object, owner);
}

}  // namespace kslab
