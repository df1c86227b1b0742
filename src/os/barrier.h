// A memory barrier in all running threads of the process at once (membarrier, Linux 4.14), which lets readers do
// without one; and a short sleep for who waits for them.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Announces that os_barrier will be used. False: the kernel does not know it, or a sandbox forbids it.
bool os_barrier_register();

// Every other thread of the process that runs passes a full barrier before this returns; one that does not run passed one
// when it stopped. False when the system refuses: then nothing was ordered.
bool os_barrier();

// Tests: from now on the kernel seems not to know it.
void os_barrier_forget(bool forgotten);

// Orders everything before it with everything after it, in this thread.
inline void full_fence() {
    // Not __atomic_thread_fence: ThreadSanitizer does not know that, and gcc warns.
#if defined(__x86_64__)
    __asm__ volatile("lock; orq $0, (%%rsp)" : : : "memory", "cc");
#elif defined(__aarch64__)
    __asm__ volatile("dmb ish" : : : "memory");
#endif
}

// Signals do not shorten it. Where the system call is forbidden, other threads get to run a number of times instead.
void os_sleep(uint64_t microseconds);

}  // namespace kslab
