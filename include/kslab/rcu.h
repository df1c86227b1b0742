/* Read-copy-update: readers that never wait, and writers that wait for them, as in Linux 3.18 (linux/rcupdate.h).
 *
 * A reader brackets its look at a shared structure with rcu_read_lock and rcu_read_unlock: a read section. A writer
 * unlinks an object first, then waits until all sections that may have seen it are over (a grace period), then frees it.
 * With SLAB_DESTROY_BY_RCU (kslab/kmem_cache.h) the writer frees at once, and the reader checks what it found.
 *
 * Source names are the kernel's; the symbols carry the prefix kslab_. userspace-rcu (liburcu) has headers with the same
 * names: one file includes one of the two, and a section of the one means nothing to the other. Both may be linked
 * into one program.
 *
 * rcu_read_lock and rcu_read_unlock are safe in any thread, and after a thread's first section in signal handlers; they cost
 * some ten instructions together, no atomic one and no fence, where the system has membarrier (Linux 4.14; otherwise a
 * fence). The other functions are safe in any thread and not in signal handlers. No function touches errno.
 *
 * The child of a fork has the sections of the thread that forked, and all callbacks that were queued.
 */
#ifndef KSLAB_RCU_H
#define KSLAB_RCU_H

#ifdef __cplusplus
extern "C" {
#endif

/* Begins a read section; sections nest, up to 32767 deep. Never waits and never fails. A section may allocate and free,
 * sleep and take locks, but while it lasts no memory that waits for readers goes back, and no callback runs that was queued
 * since it began. A thread ends its sections before it ends: one that does not is reported in a line, and they end with it. */
void rcu_read_lock(void) __asm__("kslab_rcu_read_lock");

/* Ends it, in the same thread. Without a section a line says so. */
void rcu_read_unlock(void) __asm__("kslab_rcu_read_unlock");

/* Waits until every section that began before the call has ended; sections that begin later are not waited for. Called in a
 * section it would wait for ever: a line says so, and the program aborts. */
void synchronize_rcu(void) __asm__("kslab_synchronize_rcu");

/* Lies in the object that is to be freed: 16 bytes, aligned to 8. */
struct rcu_head {
    struct rcu_head *next;
    void (*func)(struct rcu_head *head);
};

/* Calls func(head) when every section that began before has ended; never waits, never allocates. `head` belongs to kslab
 * until then, and the same head must not be queued twice. Callbacks run one at a time, in the order of queueing, at the end
 * of a call that some thread makes into kslab (an allocation, a free, kslab_trim, rcu_barrier) or, where kslab is the process's
 * malloc, into that; never in rcu_read_lock, rcu_read_unlock, call_rcu or synchronize_rcu. So a callback must not take a lock
 * that its program holds while it allocates or frees. It may allocate, free, and call call_rcu; it must not call rcu_barrier,
 * nor leave by longjmp or an exception. What waits when the process ends does not run. */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head)) __asm__("kslab_call_rcu");

/* Waits until every callback that was queued before the call has run; runs them itself where no other thread does. Not in a
 * section, nor in a callback: a line says so, and the program aborts. */
void rcu_barrier(void) __asm__("kslab_rcu_barrier");

/* Reads a pointer that writers change, so that what it points to is seen as the writer published it. `p` is a plain pointer
 * variable (not a std::atomic). The kernel's rcu_dereference; here with acquire order. */
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)

/* Publishes `v` in `p`: what was written before is seen by whoever reads it with rcu_dereference. */
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

#ifdef __cplusplus
}

namespace kslab {

/* A read section as long as the object lives. */
class rcu_read_guard {
public:
    rcu_read_guard() { rcu_read_lock(); }
    ~rcu_read_guard() { rcu_read_unlock(); }
    rcu_read_guard(const rcu_read_guard &) = delete;
    rcu_read_guard &operator=(const rcu_read_guard &) = delete;
};

}  // namespace kslab
#endif

#endif
