#include "os/barrier.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <time.h>

#include "os/syscall.h"

namespace kslab {

namespace {

bool barrier_forgotten = false;

bool membarrier(int command) { return raw_syscall(SYS_membarrier, command) == 0; }

}  // namespace

bool os_barrier_register() {
    return !barrier_forgotten && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

bool os_barrier() {
    if (barrier_forgotten) return false;
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return true;
    // Whether the child of a fork is registered is not documented.
    return os_barrier_register() && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

void os_barrier_forget(bool forgotten) { barrier_forgotten = forgotten; }

void os_sleep(uint64_t microseconds) {
    timespec time{static_cast<time_t>(microseconds / 1000000), static_cast<long>(microseconds % 1000000 * 1000)};
    long result;
    do {
        result = raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&time), reinterpret_cast<long>(&time));
    } while (result == -EINTR);
    for (int i = 0; result != 0 && i < 1000; i++) raw_syscall(SYS_sched_yield);
}

}  // namespace kslab
