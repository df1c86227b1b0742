/* Caches of objects of one size, as in Linux 3.18 (mm/slab_common.c, mm/slab.c) and 2.6.17, with what later kernels added
 * (bulk operations 4.3, SLAB_ACCOUNT 4.5).
 *
 * Source names are the kernel's; the symbols carry the prefix kslab_. All functions are safe in any thread and
 * not in signal handlers. Flags of creation: kslab/slab_flags.h; of allocation: kslab/gfp.h.
 */
#ifndef KSLAB_KMEM_CACHE_H
#define KSLAB_KMEM_CACHE_H

#include <stddef.h>

#include "gfp.h"
#include "slab_flags.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kmem_cache;
/* Its name in Linux 2.6.17. */
typedef struct kmem_cache kmem_cache_t;

/* A cache of objects of `size` bytes, 8 to 131072, aligned to `align`: a power of two up to 4096, or 0 for what
 * the size allows. `ctor`, if any, runs once for each object when its slab is made, not at every allocation (with
 * SLAB_POISON at every allocation): objects must be freed in their constructed state. It must not allocate from its own
 * cache. The name is copied (31 characters).
 *
 * A cache without constructor and debugging may turn out to be a like one that exists already (Linux 3.18: size within a
 * word, same flags, an alignment that fits), which then has one more user: the same pointer, and destroy counts down.
 * kmem_cache_size and kmem_cache_name are those of the whole, also after the user who chose the name is gone.
 * KSLAB_NOMERGE=1 and SLAB_NO_MERGE forbid it.
 *
 * Null, with errno set and a line on standard error, for a bad name, size, alignment or flag, a name that another
 * cache has that is not like this one (EINVAL; not of a shared cache that lost a user: nobody knows which name went), when
 * memory is short (ENOMEM), or when there are 4095 caches (ENOSPC). */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned long flags,
                                     void (*ctor)(void *)) __asm__("kslab_kmem_cache_create");

/* The same with constructor and destructor of Linux 2.6. The constructor is told the cache and SLAB_CTOR_CONSTRUCTOR, with
 * SLAB_CTOR_ATOMIC where the allocation may not wait, and SLAB_CTOR_VERIFY for SLAB_DEBUG_INITIAL. The destructor
 * runs for each object when its slab is given back, with SLAB_POISON at every free; it needs a constructor (EINVAL). */
struct kmem_cache *kmem_cache_create_dtor(const char *name, size_t size, size_t align, unsigned long flags,
                                          void (*ctor)(void *, struct kmem_cache *, unsigned long),
                                          void (*dtor)(void *, struct kmem_cache *, unsigned long))
    __asm__("kslab_kmem_cache_create_dtor");

/* A cache for a structure, under its name and with its alignment. */
#define KMEM_CACHE(type, flags) \
    kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), (flags), NULL)

/* An object in its constructed state; null when memory is short, as `flags` say (errno is not touched). __GFP_ZERO zeroes
 * it: not for caches with a constructor. A cache with SLAB_CACHE_DMA needs GFP_DMA, and no other may have it: a mistake is
 * reported when the cache grows, and the program aborts. */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags) __asm__("kslab_kmem_cache_alloc");

/* The same, zeroed. */
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags) __asm__("kslab_kmem_cache_zalloc");

/* From that node, if it has memory, otherwise from any (with __GFP_THISNODE from no other). A negative node, or one that
 * the machine has not, is the caller's own. A call for another node, or with __GFP_THISNODE for any, takes that node's lock
 * each time. */
void *kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t flags, int node) __asm__("kslab_kmem_cache_alloc_node");

/* `count` objects at once into `objects`: `count`, or 0, and then none was allocated. Cheaper than so many single calls. */
int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t flags, size_t count, void **objects)
    __asm__("kslab_kmem_cache_alloc_bulk");

/* Returns an object of this cache; null does nothing. Another cache's object, a pointer that is none, or one that is free already
 * is reported at the latest when it reaches its slab, and the program aborts. */
void kmem_cache_free(struct kmem_cache *cache, void *object) __asm__("kslab_kmem_cache_free");

/* Returns `count` objects at once; nulls among them are skipped. */
void kmem_cache_free_bulk(struct kmem_cache *cache, size_t count, void **objects) __asm__("kslab_kmem_cache_free_bulk");

/* Gives all memory back that no object in use needs: the arrays of the calling thread, what threads share, and free slabs
 * at once; the arrays of other threads at their next slow operation. 0 when the cache is empty now, 1 otherwise. */
int kmem_cache_shrink(struct kmem_cache *cache) __asm__("kslab_kmem_cache_shrink");

/* Gives all memory of the cache back, when the last of its users (see create) does so. Nobody may use the cache any
 * more; what other threads' arrays hold is collected. With SLAB_DESTROY_BY_RCU waits for readers (kslab/rcu.h): not to be
 * called inside a read section. When objects are still in use a line says how many, errno is EBUSY, and the cache stays as it is. Null does
 * nothing. */
void kmem_cache_destroy(struct kmem_cache *cache) __asm__("kslab_kmem_cache_destroy");

/* The size that was asked for, of several users the largest. */
unsigned int kmem_cache_size(struct kmem_cache *cache) __asm__("kslab_kmem_cache_size");

/* Room for a cache's name and the NUL behind it. */
#define KMEM_CACHE_NAME_BYTES 32

/* The names under which like caches were asked for that share this one's slabs, the newest first: copies up to `most` of
 * them into `names`, which may be null when `most` is 0, and returns how many there are. 0: nobody shares it. Of the kernel's
 * reports this is what /sys/kernel/slab shows as symbolic links, and the file `aliases`. */
size_t kmem_cache_aliases(struct kmem_cache *cache, char (*names)[KMEM_CACHE_NAME_BYTES], size_t most)
    __asm__("kslab_kmem_cache_aliases");

/* The name, up to 31 characters; valid as long as the cache. */
const char *kmem_cache_name(struct kmem_cache *cache) __asm__("kslab_kmem_cache_name");

/* 1 when an object of this cache begins at `object`, in use or free; 0 otherwise. Any address may be asked for: nothing is
 * dereferenced (Linux 2.6.17). The answer may be out of date when other threads free objects of the cache. */
int kmem_ptr_validate(struct kmem_cache *cache, const void *object) __asm__("kslab_kmem_ptr_validate");

/* The node that the calling thread allocates from, and how many there are: those of the machine, or of KSLAB_NODES. */
int numa_node_id(void) __asm__("kslab_numa_node_id");
int num_online_nodes(void) __asm__("kslab_num_online_nodes");

/* 1 once the allocator works, that is after the first allocation of the process. */
int slab_is_available(void) __asm__("kslab_slab_is_available");

/* The kmalloc cache that serves `size` (with GFP_DMA the one below 2 GiB); null when none does: then kmalloc takes pages. */
struct kmem_cache *kmem_find_general_cachep(size_t size, gfp_t flags) __asm__("kslab_kmem_find_general_cachep");

#ifdef __cplusplus
}
#endif

#if defined(KSLAB_INLINE)
#include "inline.h"
#endif
#endif
