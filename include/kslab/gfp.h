/* Allocation flags under the kernel's names. */
#ifndef KSLAB_GFP_H
#define KSLAB_GFP_H

typedef unsigned int gfp_t;

/* An ordinary allocation. kslab never sleeps for memory; flags that it does not know are ignored. */
#define GFP_KERNEL 0x0u
/* The same as GFP_KERNEL here. */
#define GFP_ATOMIC 0x20u
#define GFP_NOWAIT 0x0u
/* The object is zeroed. */
#define __GFP_ZERO 0x8000u

#endif
