/* kmalloc and its kin, as in Linux 3.18 (include/linux/slab.h).
 *
 * Source names are the kernel's; the symbols carry the prefix kslab_, so that linking or preloading kslab never
 * pre-empts a program's own function of that name. All functions are safe in any thread and not in signal
 * handlers. Where kslab is the process's malloc, kfree(malloc(n)) and free(kmalloc(n)) are legal.
 */
#ifndef KSLAB_KMALLOC_H
#define KSLAB_KMALLOC_H

#include <stddef.h>

#include "gfp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What kmalloc(0) returns: no memory, but not null. kfree takes it, ksize says 0. */
#define ZERO_SIZE_PTR ((void *)16)
#define ZERO_OR_NULL_PTR(p) ((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

/* `size` bytes, aligned to 8 up to 8 bytes, to 16 and more above; a power of two is aligned to itself, up to a
 * page, under debugging as well. Any size up to PTRDIFF_MAX: above the largest class (256 KiB) whole pages are taken. 0
 * bytes: ZERO_SIZE_PTR. Null when memory is short, as the flags say (kslab/gfp.h); errno is not touched. */
void *kmalloc(size_t size, gfp_t flags) __asm__("kslab_kmalloc");
static inline void *__kmalloc(size_t size, gfp_t flags) { return kmalloc(size, flags); }

/* The same, zeroed. */
void *kzalloc(size_t size, gfp_t flags) __asm__("kslab_kzalloc");

/* An array of `count` elements; null when the product overflows. */
void *kmalloc_array(size_t count, size_t size, gfp_t flags) __asm__("kslab_kmalloc_array");
/* The same, zeroed. */
void *kcalloc(size_t count, size_t size, gfp_t flags) __asm__("kslab_kcalloc");

/* From that node, as kmem_cache_alloc_node (kslab/kmem_cache.h). Whole pages come from wherever there are some. */
void *kmalloc_node(size_t size, gfp_t flags, int node) __asm__("kslab_kmalloc_node");
void *kzalloc_node(size_t size, gfp_t flags, int node) __asm__("kslab_kzalloc_node");

/* For functions that allocate on behalf of their callers (a strdup of one's own): tracepoints and reports name who called
 * that function. Takes the slow path. */
void *kmalloc_track(size_t size, gfp_t flags, const void *caller) __asm__("kslab_kmalloc_track");
#define kmalloc_track_caller(size, flags) kmalloc_track((size), (flags), __builtin_return_address(0))
#define __kmalloc_track_caller(size, flags, caller) kmalloc_track((size), (flags), (const void *)(caller))

/* In the kernel kvmalloc falls back to memory that is not contiguous; here kmalloc serves any size. Linux 4.12. */
static inline void *kvmalloc(size_t size, gfp_t flags) { return kmalloc(size, flags); }
static inline void *kvzalloc(size_t size, gfp_t flags) { return kzalloc(size, flags); }
static inline void *kvmalloc_node(size_t size, gfp_t flags, int node) { return kmalloc_node(size, flags, node); }
static inline void *kvmalloc_array(size_t count, size_t size, gfp_t flags) {
    return kmalloc_array(count, size, flags);
}
static inline void *kvcalloc(size_t count, size_t size, gfp_t flags) { return kcalloc(count, size, flags); }

/* 2^order pages of 4096 bytes, aligned to a page; null for more than an address space holds. */
static inline void *kmalloc_order(size_t size, gfp_t flags, unsigned int order) {
    (void)size;
    return kmalloc(order < 40 ? (size_t)4096 << order : ~(size_t)0, flags);
}
#define kmalloc_order_trace(size, flags, order) kmalloc_order((size), (flags), (order))

/* Frees what kmalloc and krealloc return; null and ZERO_SIZE_PTR do nothing. A pointer that kslab does not
 * own, and the object freed last, are reported on standard error at once, and the program aborts; an object that is
 * free already, or a pointer into one, at the latest when it reaches its slab. */
void kfree(const void *object) __asm__("kslab_kfree");

static inline void kvfree(const void *object) { kfree(object); }

/* The same after all bytes that could be used were zeroed, so that no secret stays in free memory. */
void kfree_sensitive(const void *object) __asm__("kslab_kfree_sensitive");
/* Its name before Linux 5.9. */
static inline void kzfree(const void *object) { kfree_sensitive(object); }

/* Changes the size, keeping the content up to the smaller one. Returns `object` itself when ksize(object) is
 * large enough. A size of 0 frees and returns ZERO_SIZE_PTR. Null when memory is short: `object` lives on.
 * With __GFP_ZERO only an object that is new, not what is added to an old one, is zeroed. */
void *krealloc(const void *object, size_t size, gfp_t flags) __asm__("kslab_krealloc");

/* The same, but the old object is never freed: the caller does, when it is another one (Linux 3.18). */
void *__krealloc(const void *object, size_t size, gfp_t flags) __asm__("kslab_krealloc_keeping");

/* The bytes that may be used, at least what was asked for; 0 for null and ZERO_SIZE_PTR. */
size_t ksize(const void *object) __asm__("kslab_ksize");

#ifdef __cplusplus
}
#endif

#if defined(KSLAB_INLINE)
#include "inline.h"
#endif
#endif
