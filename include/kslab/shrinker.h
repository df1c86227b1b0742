/* Shrinkers, as in Linux 3.12 and later (include/linux/shrinker.h): a program's own caches give memory up before an
 * allocation fails.
 *
 * They are called when an allocation that may wait (__GFP_WAIT; malloc always) fails for want of memory or because of
 * KSLAB_LIMIT, after free memory of all threads was collected: in the thread that allocates, with no lock of kslab's held,
 * by one thread at a time, and never from within themselves. They may allocate, free and fork; they must not wait for a lock that a
 * thread may hold while it allocates with __GFP_WAIT. Not safe in signal handlers.
 */
#ifndef KSLAB_SHRINKER_H
#define KSLAB_SHRINKER_H

#include "gfp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "Do not ask me again this time." */
#define SHRINK_STOP (~0UL)
/* No opinion how expensive the objects are to make anew. */
#define DEFAULT_SEEKS 2
#define SHRINK_BATCH 128

struct shrink_control {
    gfp_t gfp_mask;           /* of the allocation that failed */
    unsigned long nr_to_scan; /* how many objects to look at now */
    int nid;                  /* 0 */
};

struct shrinker {
    /* How many objects could be freed; 0: none. */
    unsigned long (*count_objects)(struct shrinker *, struct shrink_control *);
    /* Frees up to nr_to_scan of them; how many it did, or SHRINK_STOP. */
    unsigned long (*scan_objects)(struct shrinker *, struct shrink_control *);
    int seeks;           /* accepted, without effect */
    long batch;          /* objects a call; 0: SHRINK_BATCH */
    unsigned long flags; /* accepted, without effect */
    /* kslab's. */
    struct shrinker *kslab_next;
    unsigned long kslab_calls;
};

/* The structure must live until it is unregistered. 0, or -1 with errno EINVAL when a function is missing or it is
 * registered already. */
int register_shrinker(struct shrinker *shrinker) __asm__("kslab_register_shrinker");

/* When it returns, no thread is in the shrinker's functions any more. Not from within them. Unknown ones are ignored. */
void unregister_shrinker(struct shrinker *shrinker) __asm__("kslab_unregister_shrinker");

#ifdef __cplusplus
}
#endif
#endif
