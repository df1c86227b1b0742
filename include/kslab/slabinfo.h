/* Reports on all caches in the formats of /proc/slabinfo and /proc/slab_allocators, and tuning by text, as in Linux 2.6.17
 * and 3.18 (mm/slab.c, mm/slab_common.c). Tools that read the kernel's files read these.
 *
 * All functions are safe in any thread, and none in a signal handler (KSLAB_SLABINFO_SIGNAL is for that). They allocate
 * nothing from the heap that they describe, so that a handler of failed allocations may call them, and write while
 * no lock is held. errno is left alone unless a function fails. C and C++.
 */
#ifndef KSLAB_SLABINFO_H
#define KSLAB_SLABINFO_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the text of /proc/slabinfo, version 2.1, to a descriptor: two header lines, then a row for each cache, those of
 * kmalloc and malloc first, last `kmalloc-large`, whose objects are the pages of allocations that no class served.
 * With KSLAB_STATS=1 the first line ends in " (statistics)" and the rows have the columns of globalstat and cpustat.
 *
 *   active_objs    objects not free in slabs; those waiting in arrays count as active, as in the kernel
 *   objsize        bytes from one object to the next
 *   objperslab, pagesperslab   (of 4 KiB) of the largest slabs of the cache: its first ones are smaller
 *   limit, batchcount, sharedfactor   see kslab_slabinfo_write
 *
 * Each row is true for one moment, all together only for different ones. A blank in a name is written as '_'. Lists of
 * slabs that contradict each other give a line on standard error that names the cache and the kernel's sentence.
 * Returns 0; -1 with errno of write(2) when not everything could be written. A pipe without a reader raises SIGPIPE. */
int kslab_slabinfo(int fd);

/* The same text into a buffer of `size` bytes, cut if it must be, with a NUL behind it unless size is 0. Returns its whole
 * length without the NUL, as snprintf does; the next call may need more. `buffer` may be null when size is 0. */
long kslab_slabinfo_read(char *buffer, size_t size);

/* Tunes a cache, as writing to /proc/slabinfo does: `text` holds "name limit batchcount shared" and perhaps a newline,
 * `length` bytes without a NUL, at most 128. Each thread's array of the cache holds at most `limit` objects, which come and
 * go in batches of `batchcount`; the array that threads share holds shared * batchcount. Live objects stay where they are.
 * Threads obey when they next find their array empty or full.
 * Returns `length`. -1 with EINVAL, and a line on standard error that says why, for an unknown cache (the nearest right
 * name is suggested), limit < 1, batchcount < 1, batchcount > limit, shared < 0, a limit above what the
 * arrays of a size class have room for (208, 108, 24 or 8 by size, 16 above 8 KiB; with KSLAB_GEOMETRY=kernel 120, 54, 24 or 8; and 8192 for caches of kmem_cache_create),
 * shared * batchcount > 65535, or text that is not of this form; with ENOMEM when memory is short. Then nothing has changed. */
long kslab_slabinfo_write(const char *text, size_t length);

/* Writes who allocated the live objects of caches that keep track (KSLAB_DEBUG=U, SLAB_STORE_USER), as the kernel's
 * slab_allocators: a line "cache: count name+0xoff/0xsize [module]" for each cache and caller, the most objects first. The
 * caller is the return address of the innermost function outside kslab. Names are those of dynamic symbol tables; where
 * there is none the line ends "0xaddress [module+0xoffset]", or in the address alone. Nothing is written when no cache
 * keeps track. Returns 0; -1 with errno of write(2), or ENOMEM when there is no memory to count in. */
int kslab_slab_allocators(int fd);

#ifdef __cplusplus
}
#endif
#endif
