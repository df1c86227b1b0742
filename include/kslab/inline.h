/* The fast paths of kmem_cache_alloc, kmem_cache_free, and of kmalloc with a constant size, inlined into the caller.
 *
 * For programs that are linked with libkslab.a or libkslab-api.a of the same version: define KSLAB_INLINE before
 * including kslab/kmem_cache.h or kslab/kmalloc.h. The layout that is known here is private to the shared library, which
 * therefore lacks the symbols below: linking with it fails with an undefined reference to
 * kslab_static_library_thread_layout_1, and so does linking with an archive of another layout.
 *
 * What the array of the thread cannot serve goes to the called function, so that debugging, limits and failures are the
 * same. Tracepoints (kslab(7), TRACING) fire in called functions only. ThreadSanitizer sees the program and not the
 * library, and would take arrays that pass from thread to thread for races: with it everything is called. */
#ifndef KSLAB_INLINE_H
#define KSLAB_INLINE_H

#include <stddef.h>

#include "gfp.h"
#include "kmalloc.h"
#include "kmem_cache.h"

#if defined(__SANITIZE_THREAD__)
#define KSLAB_INLINE_OFF 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KSLAB_INLINE_OFF 1
#endif
#endif

/* The core's thread_cache, array_slot and array_cache, as far as they are used here (src/api/inline_layout.cpp). */
struct kslab_inline_thread {
    char none[32];
    char *vector;
    unsigned vector_bytes;
};
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc99-extensions" /* in C++ */
#endif
struct kslab_inline_array {
    unsigned avail;
    unsigned limit;
    unsigned long long no_pointer;
    __extension__ void *entry[];
};
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#if !defined(KSLAB_INLINE_OFF)
#ifdef __cplusplus
extern "C" {
#endif

#define KSLAB_INLINE_HIDDEN __attribute__((__visibility__("hidden")))
/* An archive is part of an executable as a rule, and then the thread's pointer is one instruction away. */
#if defined(__PIC__) && !defined(__PIE__)
#define KSLAB_INLINE_TLS __attribute__((__tls_model__("initial-exec")))
#else
#define KSLAB_INLINE_TLS __attribute__((__tls_model__("local-exec")))
#endif
extern __thread struct kslab_inline_thread *kslab_static_library_thread_layout_1 KSLAB_INLINE_TLS KSLAB_INLINE_HIDDEN;
/* Size in units of 16 bytes, rounded up → offset of the thread's array. */
extern unsigned short kslab_static_library_slots_layout_1[] KSLAB_INLINE_HIDDEN;

/* The called functions by other names: a function and its inlined form cannot share one. */
void *kslab_kmem_cache_alloc_called(struct kmem_cache *cache, gfp_t flags) KSLAB_INLINE_HIDDEN;
void kslab_kmem_cache_free_called(struct kmem_cache *cache, void *object) KSLAB_INLINE_HIDDEN;
void *kslab_kmalloc_called(size_t size, gfp_t flags) KSLAB_INLINE_HIDDEN;

/* A pointer to one of the functions is that of the called one. */
#define KSLAB_INLINE_FUNCTION extern __inline __attribute__((__gnu_inline__, __always_inline__, __artificial__))
#define KSLAB_INLINE_LIKELY(x) __builtin_expect(!!(x), 1)

/* Takes the array's newest object; 0 when it is empty. */
KSLAB_INLINE_FUNCTION int kslab_inline_pop(struct kslab_inline_array *array, void **object) {
    /* 64 bits wide: the borrow tells that it was 0, and the index needs no extension. */
    unsigned long avail = array->avail;
    if (__builtin_expect(__builtin_sub_overflow(avail, 1ul, &avail), 0)) return 0;
    __atomic_store_n(&array->avail, (unsigned)avail, __ATOMIC_RELAXED);
    *object = array->entry[avail];
    return 1;
}

/* 0 when the array is full, or the object was freed a moment ago. */
KSLAB_INLINE_FUNCTION int kslab_inline_push(struct kslab_inline_array *array, void *object) {
    unsigned avail = array->avail;
    if (__builtin_expect(avail >= array->limit, 0)) return 0;
    if (__builtin_expect(array->entry[(ptrdiff_t)avail - 1] == object, 0)) return 0;
    array->entry[avail] = object;
    /* After the entry (src/cache/array_cache.h). */
#if defined(__x86_64__)
    __asm__("incl %0" : "+m"(array->avail) : : "memory");
#else
    __atomic_store_n(&array->avail, avail + 1, __ATOMIC_RELEASE);
#endif
    return 1;
}

KSLAB_INLINE_FUNCTION void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags) {
    const struct kslab_inline_thread *thread = kslab_static_library_thread_layout_1;
    unsigned offset = *(const unsigned *)(const void *)cache;
    void *object;
    if (KSLAB_INLINE_LIKELY((flags & __GFP_ZERO) == 0 && offset < thread->vector_bytes) &&
        KSLAB_INLINE_LIKELY(kslab_inline_pop(*(struct kslab_inline_array **)(void *)(thread->vector + offset), &object)))
        return object;
    return kslab_kmem_cache_alloc_called(cache, flags);
}

KSLAB_INLINE_FUNCTION void kmem_cache_free(struct kmem_cache *cache, void *object) {
    const struct kslab_inline_thread *thread = kslab_static_library_thread_layout_1;
    unsigned offset = *(const unsigned *)(const void *)cache;
    if (KSLAB_INLINE_LIKELY(object != NULL && offset < thread->vector_bytes) &&
        KSLAB_INLINE_LIKELY(kslab_inline_push(*(struct kslab_inline_array **)(void *)(thread->vector + offset), object)))
        return;
    kslab_kmem_cache_free_called(cache, object);
}

KSLAB_INLINE_FUNCTION void *kmalloc(size_t size, gfp_t flags) {
    if (__builtin_constant_p(size) && size > 8 && size <= 8192 && (flags & (__GFP_ZERO | __GFP_DMA)) == 0) {
        char *thread = (char *)kslab_static_library_thread_layout_1;
        char *array = thread + kslab_static_library_slots_layout_1[(size + 15) / 16];
        void *object;
        if (KSLAB_INLINE_LIKELY(kslab_inline_pop((struct kslab_inline_array *)(void *)array, &object))) return object;
    }
    return kslab_kmalloc_called(size, flags);
}

#ifdef __cplusplus
}
#endif
#endif
#endif
