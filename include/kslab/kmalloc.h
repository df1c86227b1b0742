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
 * page. Null when memory is short; errno is not touched. */
void *kmalloc(size_t size, gfp_t flags) __asm__("kslab_kmalloc");

/* The same, zeroed. */
void *kzalloc(size_t size, gfp_t flags) __asm__("kslab_kzalloc");

/* Frees what kmalloc and krealloc return; null and ZERO_SIZE_PTR do nothing. A pointer that kslab does not
 * own, and the object freed last, are reported on standard error at once, and the program aborts; an object that is
 * free already, or a pointer into one, at the latest when it reaches its slab. */
void kfree(const void *object) __asm__("kslab_kfree");

/* Changes the size, keeping the content up to the smaller one. Returns `object` itself when ksize(object) is
 * large enough. A size of 0 frees and returns ZERO_SIZE_PTR. Null when memory is short: `object` lives on.
 * With __GFP_ZERO only an object that is new, not what is added to an old one, is zeroed. */
void *krealloc(const void *object, size_t size, gfp_t flags) __asm__("kslab_krealloc");

/* The bytes that may be used, at least what was asked for; 0 for null and ZERO_SIZE_PTR. */
size_t ksize(const void *object) __asm__("kslab_ksize");

#ifdef __cplusplus
}
#endif
#endif
