/* Caches of objects of one size, as in Linux 3.18 (mm/slab_common.c, mm/slab.c).
 *
 * Source names are the kernel's; the symbols carry the prefix kslab_. All functions are safe in any thread and
 * not in signal handlers.
 */
#ifndef KSLAB_KMEM_CACHE_H
#define KSLAB_KMEM_CACHE_H

#include <stddef.h>

#include "gfp.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kmem_cache;

/* Objects begin at a cache line, or, when they are at most half as large, at a power-of-two part of one. */
#define SLAB_HWCACHE_ALIGN 0x00002000UL
/* When the cache cannot be created the program aborts, with a line that says why. */
#define SLAB_PANIC 0x00040000UL
/* Type-stable memory: a freed object may be reused at once, but for an object of this cache only; its pages go back no
 * earlier than when all read sections (kslab/rcu.h) that had begun by then have ended. A reader in a section may
 * therefore look at an object that is freed meanwhile, and finds one of the same type, constructed if there is a
 * constructor, perhaps another one: it takes a reference or a lock inside the object, and then checks that it is still
 * the one that was looked for. Never with SLAB_POISON (EINVAL); KSLAB_DEBUG's letters P, G and Q do not apply. */
#define SLAB_DESTROY_BY_RCU 0x00080000UL
#define SLAB_TYPESAFE_BY_RCU SLAB_DESTROY_BY_RCU

/* A cache of objects of `size` bytes, 8 to 131072, aligned to `align`: a power of two up to 4096, or 0 for what
 * the size allows. `ctor`, if any, runs once for each object when its slab is made, not at every allocation:
 * objects must be freed in their constructed state. It must not allocate from its own cache. The name is copied (31 characters).
 * Null, with errno set and a line on standard error, for a bad name, size, alignment or flag (EINVAL), when
 * memory is short (ENOMEM), or when there are 4095 caches (ENOSPC). */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned long flags,
                                     void (*ctor)(void *)) __asm__("kslab_kmem_cache_create");

/* An object in its constructed state; null when memory is short (errno is not touched). __GFP_ZERO zeroes it. */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags) __asm__("kslab_kmem_cache_alloc");

/* Returns an object of this cache; null does nothing. Another cache's object, a pointer that is none, or one that is free already
 * is reported at the latest when it reaches its slab, and the program aborts. */
void kmem_cache_free(struct kmem_cache *cache, void *object) __asm__("kslab_kmem_cache_free");

/* Gives all memory of the cache back. Nobody may use the cache any more. When objects are still in use a line
 * says how many; the cache then stays as it is. Null does nothing. With SLAB_DESTROY_BY_RCU it waits for the readers in
 * sections, and must not be called in one. */
void kmem_cache_destroy(struct kmem_cache *cache) __asm__("kslab_kmem_cache_destroy");

/* The size that was asked for. */
unsigned int kmem_cache_size(struct kmem_cache *cache) __asm__("kslab_kmem_cache_size");

#ifdef __cplusplus
}
#endif
#endif
