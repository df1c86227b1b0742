// A signal handler may not take locks that the interrupted code holds. So it only wakes a thread of kslab's own, which
// checks the heap and reports leaks, also when the program sleeps. The child of a fork has no such thread: there the
// next operation on an object under debugging does it.
#include "debug/on_demand.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/check.h"
#include "debug/leak/leaks.h"
#include "debug/object/validate_objects.h"
#include "debug/report/report.h"
#include "kmalloc/kmalloc.h"
#include "os/asking_signal.h"
#include "os/syscall.h"

namespace kslab {

namespace {

std::atomic<uint32_t> asked{0};
std::atomic<long> thread_of{0};  // the process that has the thread

long this_process() { return raw_syscall(SYS_getpid); }

void look() {
    size_t damaged = validate_objects("validation on a signal");
    report_line out;
    put_count(out->put("on signal: "), damaged, "damaged object");
    out->put(", ");
    if ((debug_flags & kDebugLeaks) == 0) {
        out->put("no leak scan (KSLAB_DEBUG has no L)");
        return;
    }
    leak_totals leaks = leaks_report("the leak scan on a signal");
    out->dec(leaks.direct_objects + leaks.indirect_objects).put(" leaked objects of ");
    out->dec(leaks.direct_bytes + leaks.indirect_bytes).put(" bytes, ");
    out->dec(leaks.live_objects).put(" in use of ").dec(leaks.live_bytes).put(" bytes");
}

void* serve(void*) {
    for (;;) {
        while (asked.exchange(0, std::memory_order_acquire) == 0)
            host_futex_wait(reinterpret_cast<uint32_t*>(&asked), 0);
        look();
    }
    return nullptr;
}

void handle(int) {
    asked.store(1, std::memory_order_release);
    host_futex_wake_one(reinterpret_cast<uint32_t*>(&asked));
}

bool start_thread() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
    pthread_t thread;
    bool started = pthread_create(&thread, nullptr, serve, nullptr) == 0;
    if (started) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

}  // namespace

void on_demand_boot() {
    if (active_options.report_signal == 0) return;
    struct sigaction action = {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    int signal = static_cast<int>(active_options.report_signal);
    if (!may_ask_by(active_options.report_signal) || sigaction(signal, &action, nullptr) != 0) {
        report_line()->put("KSLAB_SIGNAL=").dec(active_options.report_signal).put(kNotByThisSignal);
        return;
    }
    if (start_thread()) thread_of.store(this_process(), std::memory_order_relaxed);
}

void on_demand_now() {
    if (KSLAB_LIKELY(asked.load(std::memory_order_relaxed) == 0)) return;
    if (thread_of.load(std::memory_order_relaxed) == this_process()) return;
    if (asked.exchange(0, std::memory_order_acquire) != 0) look();
}

}  // namespace kslab
