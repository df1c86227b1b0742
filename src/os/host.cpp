#include "os/report_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/host.h"
#include "os/syscall.h"

char kslab_last_report[1024];

namespace kslab {

namespace {

struct file_identity {
    uint64_t device;
    uint64_t inode;
    bool known;
    bool refused;  // a sandbox does not let us look
};
file_identity stderr_at_start;

file_identity identity_of(int fd) {
    struct stat status;
    long result = raw_syscall(SYS_newfstatat, fd, reinterpret_cast<long>(""), reinterpret_cast<long>(&status),
                              AT_EMPTY_PATH);
    if (result != 0) return {0, 0, false, result == -EPERM || result == -ENOSYS};
    return {status.st_dev, status.st_ino, true, false};
}

}  // namespace

void report_fd_init() { stderr_at_start = identity_of(2); }

void host_write_report(const char* text, size_t length) {
    size_t kept = length < sizeof kslab_last_report - 1 ? length : sizeof kslab_last_report - 1;
    for (size_t i = 0; i < kept; i++) kslab_last_report[i] = text[i];
    kslab_last_report[kept] = '\0';

    file_identity now = identity_of(2);
    bool same = now.known && now.device == stderr_at_start.device && now.inode == stderr_at_start.inode;
    if (!stderr_at_start.known || !(same || now.refused)) return;
    while (length > 0) {
        long written = raw_syscall(SYS_write, 2, reinterpret_cast<long>(text), static_cast<long>(length));
        if (written == -EINTR) continue;
        if (written <= 0) return;
        text += written;
        length -= static_cast<size_t>(written);
    }
}

void host_abort() {
    // As abort(): the program's handler runs, then the default action, whatever it did. libc's own abort
    // takes a lock that a corrupt process may hold for ever.
    long process = raw_syscall(SYS_getpid);
    long thread = raw_syscall(SYS_gettid);
    unsigned long abort_only = 1ul << (SIGABRT - 1);
    raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<long>(&abort_only), 0, sizeof abort_only);
    raw_syscall(SYS_tgkill, process, thread, SIGABRT);
    struct {
        void* handler;
        unsigned long flags;
        void* restorer;
        unsigned long mask;
    } default_action = {};
    raw_syscall(SYS_rt_sigaction, SIGABRT, reinterpret_cast<long>(&default_action), 0, sizeof(unsigned long));
    raw_syscall(SYS_tgkill, process, thread, SIGABRT);
    for (;;) __builtin_trap();
}

void host_yield() { raw_syscall(SYS_sched_yield); }

void host_futex_wait(uint32_t* word, uint32_t expected) {
    raw_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT | FUTEX_PRIVATE_FLAG, expected);
}

void host_futex_wake_one(uint32_t* word) {
    raw_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

}  // namespace kslab
