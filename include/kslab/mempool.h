/* Pools that keep a reserve of elements, as in Linux 3.18 (include/linux/mempool.h, mm/mempool.c).
 *
 * While memory can be had, mempool_alloc takes it from the pool's backing (a cache, kmalloc, pages, or functions of
 * the program); when that fails, from the reserve of min_nr elements; and when that is empty, it sleeps until
 * mempool_free brings an element back. Hence it never fails when it may sleep, provided that whoever holds elements
 * frees them without needing another one of the same pool for that.
 *
 * Source names are the kernel's; the symbols carry the prefix kslab_. All functions are safe in any thread; none is
 * safe in a signal handler. The program's functions are called with no lock of kslab held, possibly by several threads
 * at once; they may use other pools. In the child of a fork a pool works as before, but elements that other threads held
 * are lost: they are nobody's there. C (gnu99 and later) and C++.
 */
#ifndef KSLAB_MEMPOOL_H
#define KSLAB_MEMPOOL_H

#include <stddef.h>

#include "gfp.h"
#include "kmem_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mempool_s mempool_t;

/* The backing: returns an element, or null when it has none. It must not sleep when `gfp_mask` has no __GFP_WAIT. */
typedef void *(mempool_alloc_t)(gfp_t gfp_mask, void *pool_data);
/* Takes an element back. */
typedef void(mempool_free_t)(void *element, void *pool_data);

/* A pool with a reserve of `min_nr` elements, filled at once by `alloc_fn(GFP_KERNEL, pool_data)`. 0 is a pool
 * without a reserve: mempool_alloc then sleeps until the backing has memory again. Null, with errno set, for a negative
 * min_nr or a null function (EINVAL, and a line on standard error), or when memory is short (ENOMEM): then what was
 * allocated has been freed. */
mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn,
                          void *pool_data) __asm__("kslab_mempool_create");

/* The same; the pool itself is allocated with `gfp_mask` on node `node` (NUMA_NO_NODE: any), and `gfp_mask` is what
 * `alloc_fn` gets. */
mempool_t *mempool_create_node(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn, void *pool_data,
                               gfp_t gfp_mask, int node) __asm__("kslab_mempool_create_node");

/* Frees the reserve and the pool; null does nothing. All elements must have been freed before, and nobody may use the
 * pool any more. When threads still wait for an element, a line says so and the program aborts. */
void mempool_destroy(mempool_t *pool) __asm__("kslab_mempool_destroy");

/* Changes the size of the reserve, at any time, also while others allocate, free and resize. A smaller one frees the
 * surplus element by element. A larger one is filled as far as the backing allows, with `gfp_mask`, and by later
 * mempool_free: 0 also when it is not full. Of several calls at the same time one wins. -ENOMEM when there is no memory
 * for the larger table of elements: nothing has changed then. A `new_min_nr` below 1 is a mistake: a line says so, and
 * the program aborts. */
int mempool_resize(mempool_t *pool, int new_min_nr, gfp_t gfp_mask) __asm__("kslab_mempool_resize");

/* An element. First from the backing, without __GFP_WAIT and __GFP_IO; then from the reserve, the element freed last
 * first; then from the backing with all of `gfp_mask`. Without __GFP_WAIT null after that. With it (GFP_KERNEL,
 * GFP_NOIO) never null: sleeps until an element is freed, and at most 5 seconds before it asks the backing again.
 * The backing is told not to try hard, __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN, and never __GFP_NOFAIL. An
 * element may be old: __GFP_ZERO is ignored, and the first time in a process a line says so. errno is what the
 * backing leaves; kslab's own do not touch it. */
void *mempool_alloc(mempool_t *pool, gfp_t gfp_mask) __asm__("kslab_mempool_alloc");

/* The same, but sleeps no longer than `milliseconds`, as exactly as the system's clock ticks (1 to 10 ms; 0 does not
 * sleep, UINT_MAX sleeps for ever): null and errno ETIMEDOUT then. Time in the backing's functions counts, but they are not interrupted.
 * Without __GFP_WAIT null and errno EAGAIN. kslab's own: the kernel has no such function. */
void *mempool_alloc_timeout(mempool_t *pool, gfp_t gfp_mask,
                            unsigned int milliseconds) __asm__("kslab_mempool_alloc_timeout");

/* Gives an element back: to the reserve, where it wakes one thread that sleeps, or, when that is full, to the
 * backing. Null does nothing. Never sleeps itself. The element must be of this pool (or, for the kinds below, may be
 * any object of the same cache, kmalloc size or page order). */
void mempool_free(void *element, mempool_t *pool) __asm__("kslab_mempool_free");

/* The size of the reserve, and how many elements are in it now. Other threads may change either at any time. The
 * kernel's are members of the structure; it is opaque here. */
int mempool_min_nr(const mempool_t *pool) __asm__("kslab_mempool_min_nr");
int mempool_curr_nr(const mempool_t *pool) __asm__("kslab_mempool_curr_nr");

/* ---- Backings. */

/* Objects of a cache; `pool_data` is the cache, which must outlive the pool. */
void *mempool_alloc_slab(gfp_t gfp_mask, void *pool_data) __asm__("kslab_mempool_alloc_slab");
void mempool_free_slab(void *element, void *pool_data) __asm__("kslab_mempool_free_slab");

/* kmalloc; `pool_data` is the size in bytes. */
void *mempool_kmalloc(gfp_t gfp_mask, void *pool_data) __asm__("kslab_mempool_kmalloc");
void mempool_kfree(void *element, void *pool_data) __asm__("kslab_mempool_kfree");

/* 2^order pages of 4096 bytes, aligned to a page; `pool_data` is the order, 0 to 34. The kernel's element is a struct
 * page, this one the memory itself. */
void *mempool_alloc_pages(gfp_t gfp_mask, void *pool_data) __asm__("kslab_mempool_alloc_pages");
void mempool_free_pages(void *element, void *pool_data) __asm__("kslab_mempool_free_pages");

/* mempool_create with these backings. */
static inline mempool_t *mempool_create_slab_pool(int min_nr, struct kmem_cache *cache)
{
    return mempool_create(min_nr, mempool_alloc_slab, mempool_free_slab, (void *)cache);
}

static inline mempool_t *mempool_create_kmalloc_pool(int min_nr, size_t size)
{
    return mempool_create(min_nr, mempool_kmalloc, mempool_kfree, (void *)size);
}

static inline mempool_t *mempool_create_page_pool(int min_nr, int order)
{
    return mempool_create(min_nr, mempool_alloc_pages, mempool_free_pages, (void *)(long)order);
}

#ifdef __cplusplus
}
#endif
#endif
