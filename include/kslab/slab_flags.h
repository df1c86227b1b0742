/* Flags of kmem_cache_create, with the numbers of Linux 2.6.17 and 3.18 (include/linux/slab.h). */
#ifndef KSLAB_SLAB_FLAGS_H
#define KSLAB_SLAB_FLAGS_H

/* The constructor is called for every object that is freed, with SLAB_CTOR_VERIFY, so that its owner can assert the
 * constructed state. For constructors of Linux 2.6 (kmem_cache_create_dtor); without one a line says so, and the flag
 * is dropped. */
#define SLAB_DEBUG_INITIAL 0x00000200UL
/* Debugging of this cache, whatever KSLAB_DEBUG says: redzones around each object; poison in free ones; who allocated and
 * freed each. What is found is reported on standard error, and the program goes on (KSLAB_ON_ERROR). */
#define SLAB_RED_ZONE 0x00000400UL
#define SLAB_POISON 0x00000800UL
#define SLAB_STORE_USER 0x00010000UL
/* Objects begin at a cache line, or, when they are at most half as large, at a power-of-two part of one. Both hold under
 * debugging as well. */
#define SLAB_HWCACHE_ALIGN 0x00002000UL
#define SLAB_MUST_HWCACHE_ALIGN 0x00008000UL
/* All objects lie below 2 GiB. Allocations must say GFP_DMA, and only those of such caches may. */
#define SLAB_CACHE_DMA 0x00004000UL
/* Slabs of the smallest order that fits: a shrinker gives their objects back one by one. */
#define SLAB_RECLAIM_ACCOUNT 0x00020000UL
/* When the cache cannot be created the program aborts, with a line that says why. */
#define SLAB_PANIC 0x00040000UL
/* Type-stable memory: an object may be used again at once, but its memory stays memory of this cache until all
 * readers of that moment are done (kslab/rcu.h). */
#define SLAB_DESTROY_BY_RCU 0x00080000UL
#define SLAB_TYPESAFE_BY_RCU SLAB_DESTROY_BY_RCU
/* Slabs are spread over all nodes in turn. */
#define SLAB_MEM_SPREAD 0x00100000UL
/* A line on standard error for every allocation and free. */
#define SLAB_TRACE 0x00200000UL
/* Objects are never reported as leaked. */
#define SLAB_NOLEAKTRACE 0x00800000UL
/* Accepted, without effect: kmemcheck's. */
#define SLAB_NOTRACK 0x01000000UL
/* Allocations may be made to fail (KSLAB_FAIL). */
#define SLAB_FAILSLAB 0x02000000UL
/* Linux 4.5 and later: allocations of a thread in a group (kslab/group.h) are charged to it. */
#define SLAB_ACCOUNT 0x04000000UL
/* Linux 6.5 and later: never shares its slabs with a like cache. */
#define SLAB_NO_MERGE 0x08000000UL

/* What a constructor of Linux 2.6 is told: construct; the caller cannot wait; only look whether the object is still
 * in its constructed state. */
#define SLAB_CTOR_CONSTRUCTOR 0x001UL
#define SLAB_CTOR_ATOMIC 0x002UL
#define SLAB_CTOR_VERIFY 0x004UL

#endif
