/* Allocation flags under the kernel's names. */
#ifndef KSLAB_GFP_H
#define KSLAB_GFP_H

typedef unsigned int gfp_t;

/* May wait for the system. */
#define GFP_KERNEL 0x0u
/* Accepted; kslab never sleeps for memory, so that it means the same as GFP_KERNEL. */
#define GFP_ATOMIC 0x20u
#define GFP_NOWAIT 0x0u
/* The object is zeroed. */
#define __GFP_ZERO 0x8000u

#endif
