// A signal handler may not take locks that the interrupted code holds: it wakes a thread of kslab's own. That reads
// PATH.tune, if it is there, as if each line had been written to slabinfo, removes it, and writes the text to PATH. A file
// takes its place as a whole, so that nobody reads half of it. The child of a fork has no such thread, until it execs.
#include "api/slabinfo_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "api/tune_line.h"
#include "base/check.h"
#include "debug/report/report.h"
#include "kmalloc/kmalloc.h"
#include "kslab/slabinfo.h"
#include "os/asking_signal.h"
#include "os/environment.h"
#include "os/report_fd.h"
#include "os/syscall.h"

namespace kslab {

namespace {

constexpr long kMode = 0666;
constexpr size_t kSuffixBytes = 8;

long address_of(const void* p) { return reinterpret_cast<long>(p); }

struct file_name {
    char text[kOptionTextBytes + kSuffixBytes];
};

// PATH of the option with %p and %e replaced, and a suffix behind it.
bool make_name(file_name& name, const char* suffix) {
    const process_start& start = start_block();
    text out(name.text, sizeof name.text - 1);
    if (!report_log_name(out, active_options.slabinfo.text, start.program, raw_syscall(SYS_getpid))) return false;
    out.put(suffix);
    name.text[out.length()] = '\0';
    return true;
}

bool to_stderr() { return active_options.slabinfo.text[0] == '\0' || strings_equal(active_options.slabinfo.text, "-"); }

void say_refused(const char* what, const char* name, long error) {
    report_line()->put("cannot ").put(what).put(' ').put(name).put(": ").error(static_cast<int>(-error));
}

// 0, or a negative errno.
long write_to(const char* name, int flags) {
    long fd = raw_syscall(SYS_openat, AT_FDCWD, address_of(name), O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, kMode);
    if (syscall_failed(fd)) return fd;
    int before = errno;
    long result = kslab_slabinfo(static_cast<int>(fd)) == 0 ? 0 : -errno;
    errno = before;
    raw_syscall(SYS_close, fd);
    return result;
}

// What is no plain file, a pipe or a terminal, is not replaced by one.
bool is_special(const char* name) {
    struct stat status;
    return raw_syscall(SYS_newfstatat, AT_FDCWD, address_of(name), address_of(&status), 0) == 0 &&
           !S_ISREG(status.st_mode);
}

KSLAB_NOINLINE long replace_file(const char* name) {
    file_name fresh;
    if (!make_name(fresh, ".new")) return -ENAMETOOLONG;
    // Whatever lies there, a link for example, is not written through.
    raw_syscall(SYS_unlinkat, AT_FDCWD, address_of(fresh.text), 0);
    long result = write_to(fresh.text, O_CREAT | O_EXCL | O_NOFOLLOW);
    if (result != 0) return result;
    return raw_syscall(SYS_renameat2, AT_FDCWD, address_of(fresh.text), AT_FDCWD, address_of(name), 0);
}

// Reports go to the file that standard error was; so does this.
KSLAB_NOINLINE void write_to_stderr() {
    if (int fd = report_fd(); fd >= 0) kslab_slabinfo(fd);
}

void write_text() {
    if (to_stderr()) return write_to_stderr();
    file_name name;
    long result = -ENAMETOOLONG;
    if (make_name(name, "")) result = is_special(name.text) ? write_to(name.text, 0) : replace_file(name.text);
    if (result != 0) say_refused("write slabinfo to", active_options.slabinfo.text, result);
}

// One line after the other; each that is refused says so itself.
void tune_by_file(int fd) {
    char line[kTuneLineBytes + 1];
    size_t length = 0;
    char c = 0;
    while (raw_syscall(SYS_read, fd, address_of(&c), 1) == 1) {
        if (c != '\n') {
            if (length < sizeof line) line[length++] = c;
            continue;
        }
        if (length > 0) kslab_slabinfo_write(line, length);
        length = 0;
    }
    if (length > 0) kslab_slabinfo_write(line, length);
}

// Whoever may write into the directory shall not tune other people's programs.
bool is_ours(int fd) {
    struct stat status;
    if (raw_syscall(SYS_newfstatat, fd, address_of(""), address_of(&status), AT_EMPTY_PATH) != 0) return false;
    long user = raw_syscall(SYS_geteuid);
    return S_ISREG(status.st_mode) && (status.st_uid == 0 || status.st_uid == static_cast<uid_t>(user));
}

void tune_if_asked() {
    file_name name;
    if (to_stderr() || !make_name(name, ".tune")) return;
    long fd = raw_syscall(SYS_openat, AT_FDCWD, address_of(name.text), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
    if (syscall_failed(fd)) return;
    if (is_ours(static_cast<int>(fd))) {
        tune_by_file(static_cast<int>(fd));
        raw_syscall(SYS_unlinkat, AT_FDCWD, address_of(name.text), 0);
    } else {
        say_refused("obey", name.text, -EPERM);
    }
    raw_syscall(SYS_close, fd);
}

// ---- The signal

std::atomic<uint32_t> asked{0};

void* serve(void*) {
    for (;;) {
        while (asked.exchange(0, std::memory_order_acquire) == 0)
            host_futex_wait(reinterpret_cast<uint32_t*>(&asked), 0);
        tune_if_asked();
        write_text();
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

void slabinfo_start() {
    struct sigaction action = {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    int signal = static_cast<int>(active_options.slabinfo_signal);
    const char* wrong = nullptr;
    if (debug_flags != 0 && active_options.slabinfo_signal == active_options.report_signal)
        wrong = " is ignored: KSLAB_SIGNAL has that signal";
    else if (!may_ask_by(active_options.slabinfo_signal))
        wrong = kNotByThisSignal;
    else if (!start_thread())
        wrong = " is ignored: no thread can be started to write slabinfo";
    else if (sigaction(signal, &action, nullptr) != 0)
        wrong = kNotByThisSignal;
    if (wrong != nullptr) report_line()->put("KSLAB_SLABINFO_SIGNAL=").dec(active_options.slabinfo_signal).put(wrong);
}

void slabinfo_finish() { write_text(); }

}  // namespace kslab
