// Read-copy-update for programs (include/kslab/rcu.h).
#include "kslab/rcu.h"

#include "kmalloc/kmalloc.h"
#include "thread/rcu.h"

namespace {

using namespace kslab;

// The first section of a thread that has no arrays yet: they hold its state.
KSLAB_NOINLINE void attach() {
    boot();
    rcu_callbacks_held.fetch_add(1, std::memory_order_relaxed);
    thread_attach();
    rcu_callbacks_held.fetch_sub(1, std::memory_order_relaxed);
}

// Not cold: nested sections, and all where readers fence.
__attribute__((noinline)) void read_lock_slow() {
    if (KSLAB_UNLIKELY(state_of(this_thread()) == thread_state::empty)) attach();
    rcu_enter_slow(this_thread());
}

__attribute__((noinline)) void read_unlock_slow() { rcu_leave_slow(this_thread()); }

}  // namespace

extern "C" {

KSLAB_EXPORT void rcu_read_lock(void) {
    if (KSLAB_UNLIKELY(!rcu_enter(current_thread))) read_lock_slow();
}

KSLAB_EXPORT void rcu_read_unlock(void) {
    if (KSLAB_UNLIKELY(!rcu_leave(current_thread))) read_unlock_slow();
}

KSLAB_EXPORT void synchronize_rcu(void) {
    rcu_check_outside("synchronize_rcu");
    boot();
    rcu_synchronize();
}

KSLAB_EXPORT void call_rcu(struct rcu_head* head, void (*func)(struct rcu_head* head)) {
    boot();
    rcu_call(head, func);
}

KSLAB_EXPORT void rcu_barrier(void) {
    rcu_check_outside("rcu_barrier");
    boot();
    rcu_wait_for_callbacks();
}

}  // extern "C"
