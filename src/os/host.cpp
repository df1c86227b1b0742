#include "os/report_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "base/host.h"
#include "base/relaxed.h"
#include "os/syscall.h"

char kslab_last_report[1024];

namespace kslab {

namespace {

file_identity stderr_at_start;
int kept_stderr = -1;
relaxed<bool> aborts = false;

constexpr uint64_t kPipeOnly = uint64_t{1} << (SIGPIPE - 1);

// SIGPIPE waits while it lives; one that arose meanwhile is taken back at the end, one that waited before stays.
class no_sigpipe {
public:
    explicit no_sigpipe(bool wanted) {
        uint64_t pending = 0;
        active_ = wanted && raw_syscall(SYS_rt_sigpending, reinterpret_cast<long>(&pending), sizeof pending) == 0 &&
                  (pending & kPipeOnly) == 0 &&
                  raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<long>(&kPipeOnly),
                              reinterpret_cast<long>(&before_), sizeof before_) == 0;
    }
    ~no_sigpipe() {
        if (!active_) return;
        timespec at_once{};
        raw_syscall(SYS_rt_sigtimedwait, reinterpret_cast<long>(&kPipeOnly), 0, reinterpret_cast<long>(&at_once),
                    sizeof kPipeOnly);
        raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&before_), 0, sizeof before_);
    }
    no_sigpipe(const no_sigpipe&) = delete;
    no_sigpipe& operator=(const no_sigpipe&) = delete;

private:
    uint64_t before_ = 0;
    bool active_;
};

}  // namespace

file_identity identity_of(int fd) {
    struct stat status;
    long result = raw_syscall(SYS_newfstatat, fd, reinterpret_cast<long>(""), reinterpret_cast<long>(&status),
                              AT_EMPTY_PATH);
    if (result != 0) return {0, 0, false, result == -EPERM || result == -ENOSYS, false};
    return {status.st_dev, status.st_ino, true, false, S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)};
}

bool os_write_all(int fd, const file_identity& file, const char* text, size_t length) {
    no_sigpipe guard(file.pipe);
    while (length > 0) {
        long written = raw_syscall(SYS_write, fd, reinterpret_cast<long>(text), static_cast<long>(length));
        if (written == -EINTR) continue;
        if (written <= 0) return false;
        text += written;
        length -= static_cast<size_t>(written);
    }
    return true;
}

void keep_last_report(const char* text, size_t length) {
    size_t kept = length < sizeof kslab_last_report - 1 ? length : sizeof kslab_last_report - 1;
    for (size_t i = 0; i < kept; i++) kslab_last_report[i] = text[i];
    kslab_last_report[kept] = '\0';
}

void report_fd_init() { stderr_at_start = identity_of(2); }

int duplicate_high(int fd) {
    long duplicate = -EINVAL;
    for (long lowest = 512; lowest > 8 && duplicate == -EINVAL; lowest /= 2)  // EINVAL: beyond the limit
        duplicate = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
    return syscall_failed(duplicate) ? -1 : static_cast<int>(duplicate);
}

void report_fd_keep() {
    if (stderr_at_start.known && kept_stderr < 0) kept_stderr = duplicate_high(2);
}

int report_fd() {
    if (!stderr_at_start.known) return -1;
    file_identity now = identity_of(2);
    if (now.refused || same_file(now, stderr_at_start)) return 2;
    return kept_stderr >= 0 && same_file(identity_of(kept_stderr), stderr_at_start) ? kept_stderr : -1;
}

void host_write_report(const char* text, size_t length) {
    keep_last_report(text, length);
    if (int fd = report_fd(); fd >= 0) os_write_all(fd, stderr_at_start, text, length);
}

bool host_aborts() { return aborts; }

void host_abort() {
    aborts = true;
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

void host_sleep_a_millisecond() {
    timespec millisecond{0, 1000000};
    raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&millisecond), 0);
}

void host_futex_wait(uint32_t* word, uint32_t expected) {
    raw_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT | FUTEX_PRIVATE_FLAG, expected);
}

bool host_futex_wait_for(uint32_t* word, uint32_t expected, uint32_t milliseconds) {
    timespec limit{milliseconds / 1000, static_cast<long>(milliseconds % 1000) * 1000000};
    return raw_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT | FUTEX_PRIVATE_FLAG, expected,
                       reinterpret_cast<long>(&limit)) != -ETIMEDOUT;
}

void host_futex_wake_one(uint32_t* word) {
    raw_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

}  // namespace kslab
