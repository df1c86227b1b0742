/* kslab: the Linux kernel's SLAB allocator as a process's malloc.
 *
 * Facts about the allocator in this process. The functions are safe in any thread; none of them is safe in a
 * signal handler. C and C++.
 */
#ifndef KSLAB_KSLAB_H
#define KSLAB_KSLAB_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers, for the preprocessor. */
#define KSLAB_VERSION_MAJOR 0
#define KSLAB_VERSION_MINOR 1
#define KSLAB_VERSION_PATCH 0

/* The version of the library, for example "0.1.0". Never null. */
const char *kslab_version(void);

/* 1 when malloc in this process is kslab's, 0 when kslab serves only its own functions (it was loaded with
 * dlopen, the program was linked with the API library, or the executable defines malloc itself). Allocates
 * and frees a small object to find out. */
int kslab_is_active(void);

/* 1 when the byte at `address` lies in memory that kslab manages: an object, in use or free. Any address may
 * be asked for; nothing is dereferenced. */
int kslab_owns(const void *address);

/* Walks the whole heap and checks that its records agree with each other, and with KSLAB_DEBUG the redzones and the
 * poison of all objects. Returns 0 when all is well; otherwise -1, and standard error says what is wrong. Other threads must not allocate meanwhile, or the answer
 * may be wrong. */
int kslab_validate(void);

/* With leak detection on (KSLAB_DEBUG=1, or with the letter L): looks for leaks now, as is done at exit, and reports
 * each allocation stack that has leaked more than at the last look. Returns how many objects are leaked now, those
 * included that only leaked objects point to; -1 when that cannot be known: leak detection is off, memory is short,
 * or /proc is missing. The other threads are stopped meanwhile. Waits for a scan that another thread is making. */
long kslab_leak_check(void);

/* The object at `object`, and what it leads to, is never reported as leaked, until it is freed. Pointers that are no
 * object under debugging, null too, are ignored. */
void kslab_ignore_leak(const void *object);

/* Gives memory that nobody uses back to the system: the calling thread's arrays, what threads share, free
 * slabs, free pages inside slabs, freed runs. Other threads follow at their next slow operation. Returns the
 * number of bytes released. */
size_t kslab_trim(void);

#ifdef __cplusplus
}
#endif
#endif
