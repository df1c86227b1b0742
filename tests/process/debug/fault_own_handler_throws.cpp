// A handler that throws, as run-time systems of some languages do: the exception passes through kslab's frames and
// the signal's to the function that faulted.
//
// env: KSLAB_DEBUG=full
// variant: KSLAB_DEBUG=
// cflags: -fnon-call-exceptions -fasynchronous-unwind-tables
// reject-stderr: .
#include <signal.h>

#include "check.h"

struct null_pointer {
    const void* address;
};

static void handler(int, siginfo_t* info, void*) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGSEGV);
    sigprocmask(SIG_UNBLOCK, &mask, nullptr);
    throw null_pointer{info->si_addr};
}

__attribute__((noinline)) static int read_from(volatile int* p) { return *p; }

int main() {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    CHECK(sigaction(SIGSEGV, &action, nullptr) == 0);
    volatile int caught = 0;
    for (int i = 0; i < 100; i++) {
        try {
            read_from(static_cast<volatile int*>(hide(reinterpret_cast<void*>(16))));
            CHECK(!"reached");
        } catch (const null_pointer& e) {
            CHECK(e.address == reinterpret_cast<void*>(16));
            caught = caught + 1;
        }
    }
    CHECK(caught == 100);
    return 0;
}
