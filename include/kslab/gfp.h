/* Allocation flags under the kernel's names, with the numbers of Linux 3.18 (include/linux/gfp.h).
 *
 * What they mean in a process:
 *
 *   __GFP_WAIT        the caller may wait: when memory is short, free memory of all threads is collected, shrinkers
 *                     (kslab/shrinker.h) are called, and mempool_alloc sleeps. Without it an allocation fails at once.
 *   __GFP_HIGH        may use the reserve beyond KSLAB_LIMIT (a sixteenth of it), unless __GFP_NOMEMALLOC.
 *   __GFP_ZERO        the object is zeroed.
 *   __GFP_NORETRY     no shrinkers: free memory is collected, and the allocation tried once more.
 *   __GFP_NOFAIL      never null: tries until there is memory (null above PTRDIFF_MAX).
 *   __GFP_THISNODE    from that node or not at all; otherwise other nodes help out.
 *   __GFP_DMA         an address below 2 GiB.
 *   SLAB_NO_GROW      only what the cache has: no new slab.
 *
 * The others are accepted and mean nothing here: kslab does no I/O and prints nothing when memory is short.
 */
#ifndef KSLAB_GFP_H
#define KSLAB_GFP_H

typedef unsigned int gfp_t;

#define __GFP_DMA 0x01u
#define __GFP_WAIT 0x10u
#define __GFP_HIGH 0x20u
#define __GFP_IO 0x40u
#define __GFP_FS 0x80u
#define __GFP_COLD 0x100u
#define __GFP_NOWARN 0x200u
#define __GFP_REPEAT 0x400u
#define __GFP_NOFAIL 0x800u
#define __GFP_NORETRY 0x1000u
#define __GFP_MEMALLOC 0x2000u
#define __GFP_COMP 0x4000u
#define __GFP_ZERO 0x8000u
#define __GFP_NOMEMALLOC 0x10000u
#define __GFP_HARDWALL 0x20000u
#define __GFP_THISNODE 0x40000u
#define __GFP_RECLAIMABLE 0x80000u
/* Newer kernels' flag: accepted; what is charged to a group (kslab/group.h) is the cache's affair: SLAB_ACCOUNT. */
#define __GFP_ACCOUNT 0x2000000u
/* A flag of allocation in Linux 2.6; its number is kslab's. */
#define SLAB_NO_GROW 0x40000000u

/* Flags of the kernel that mean nothing in a process. */
#define __GFP_HIGHMEM 0x02u
#define __GFP_DMA32 0x04u
#define __GFP_MOVABLE 0x08u
#define __GFP_NOTRACK 0x200000u

#define GFP_NOWAIT 0x0u
#define GFP_ATOMIC (__GFP_HIGH)
#define GFP_NOIO (__GFP_WAIT)
#define GFP_NOFS (__GFP_WAIT | __GFP_IO)
#define GFP_KERNEL (__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_USER (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
#define GFP_TEMPORARY (GFP_KERNEL | __GFP_RECLAIMABLE)
#define GFP_THISNODE (__GFP_THISNODE | __GFP_NOWARN | __GFP_NORETRY)
#define GFP_DMA (__GFP_DMA)
#define GFP_DMA32 (__GFP_DMA32)
/* Their names in Linux 2.6.17. */
#define SLAB_KERNEL GFP_KERNEL
#define SLAB_ATOMIC GFP_ATOMIC
#define SLAB_NOIO GFP_NOIO
#define SLAB_NOFS GFP_NOFS
#define SLAB_USER GFP_USER
#define SLAB_DMA GFP_DMA

/* "Whatever node is near" for functions that take one. */
#define NUMA_NO_NODE (-1)

#endif
