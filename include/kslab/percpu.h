/* Per-CPU memory: one object for each possible CPU (alloc_percpu of Linux 2.6.17, mm/slab.c, with the arguments of
 * 3.18, include/linux/percpu.h).
 *
 *   struct counter { long packets; };
 *   struct counter *counters = alloc_percpu(struct counter);        every CPU's object is zeroed
 *   __atomic_fetch_add(&this_cpu_ptr(counters)->packets, 1, __ATOMIC_RELAXED);
 *   for_each_possible_cpu(cpu) sum += per_cpu_ptr(counters, cpu)->packets;
 *   free_percpu(counters);
 *
 * The pointer that alloc_percpu returns is the complement of an address, as in Linux 2.6: using it without the functions
 * below is an access beyond the address space of user programs, and faults.
 *
 * What differs in a process: preemption cannot be switched off. A thread may be moved to another CPU at any time, also
 * between this_cpu_ptr and the use of what it returned, and also between get_cpu_ptr and put_cpu_ptr; another thread
 * may then use the same object at the same time. What is written there must be atomic or under a lock. What per-CPU
 * memory gives is that this is rare: objects of different CPUs never share a cache line.
 *
 * Source names are the kernel's; the symbols carry the prefix kslab_. All functions are safe in any thread;
 * per_cpu_ptr, this_cpu_ptr, get_cpu_ptr and put_cpu_ptr are so in signal handlers as well, the others are not. Leak
 * detection does not see complemented pointers: per-CPU memory is never reported as leaked. C (gnu99 and later) and
 * C++.
 */
#ifndef KSLAB_PERCPU_H
#define KSLAB_PERCPU_H

#include <stddef.h>

#include "gfp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What belongs to a per-CPU pointer, for readers of the source. */
#define __percpu

/* An object of `size` bytes for each possible CPU, zeroed, aligned to `align`, a power of two up to 4096, or 0 for
 * what is usual; at least to a cache line (64 bytes), of which it takes whole ones. Null with errno set: EINVAL, and a
 * line on standard error, for a size of 0 and a bad alignment; ENOMEM when memory was short for any of the CPUs: the
 * objects for the others have been freed. */
void *__alloc_percpu(size_t size, size_t align) __asm__("kslab_alloc_percpu");
/* The same with flags of allocation (3.18); without them they are GFP_KERNEL. GFP_DMA means nothing here. */
void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t flags) __asm__("kslab_alloc_percpu_gfp");

/* An object of this type for each CPU; a `type *` that only the functions below may use. */
#define alloc_percpu(type) ((__typeof__(type) *)__alloc_percpu(sizeof(type), __alignof__(type)))
#define alloc_percpu_gfp(type, flags) \
    ((__typeof__(type) *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), (flags)))

/* Frees the objects of all CPUs; null does nothing. A pointer that alloc_percpu did not return, or that has been freed,
 * is reported, and the program aborts. */
void free_percpu(void *percpu) __asm__("kslab_free_percpu");

void *kslab_per_cpu_ptr(const void *percpu, unsigned int cpu);
void *kslab_this_cpu_ptr(const void *percpu);

/* The object of CPU number `cpu`, less than num_possible_cpus(): another number is reported, and the program aborts. */
#define per_cpu_ptr(percpu, cpu) ((__typeof__(percpu))kslab_per_cpu_ptr((percpu), (unsigned int)(cpu)))

/* The object of the CPU that this thread runs on at this moment (sched_getcpu; CPU 0 where the system does not say). */
#define this_cpu_ptr(percpu) ((__typeof__(percpu))kslab_this_cpu_ptr(percpu))

/* The kernel's pair that keeps a task on its CPU between the two. Here they do not. */
#define get_cpu_ptr(percpu) this_cpu_ptr(percpu)
#define put_cpu_ptr(percpu) ((void)(percpu))

/* How many CPUs there may ever be, also those that are off now and those that this process is kept from: one more than
 * the highest number in /sys/devices/system/cpu/possible, which the first call of any function here reads. (The CPUs
 * that sched_getaffinity tells of are fewer, and may become others while the process runs.) A process that locks
 * itself up (seccomp) calls this before. */
unsigned int num_possible_cpus(void) __asm__("kslab_num_possible_cpus");

/* A loop over all of them; `cpu` is an integer variable. */
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (unsigned int)(cpu) < num_possible_cpus(); (cpu)++)

#ifdef __cplusplus
}
#endif
#endif
