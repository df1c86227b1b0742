// The file that reports go to (KSLAB_LOG), opened at the first of them. A program that closes all descriptors and
// opens its data under our number must not find a report there: before each write the descriptor must still be the
// file that was opened; else the log is opened again. Guarded by report_lock.
#include <errno.h>
#include <fcntl.h>

#include "base/check.h"
#include "debug/report/report.h"
#include "kmalloc/kmalloc.h"
#include "os/environment.h"
#include "os/report_fd.h"
#include "os/syscall.h"

namespace kslab {

namespace {

constexpr long kMode = 0666;

int log_fd = -1;
file_identity log_file;
bool refused;  // it cannot be opened, and that was said

bool names_process(const char* pattern) {
    for (; *pattern != '\0'; pattern++)
        if (pattern[0] == '%' && pattern[1] != '\0' && *++pattern == 'p') return true;
    return false;
}

void say_refused(const char* name, long result) {
    refused = true;
    report_line()->put("cannot open the log ").put(name).put(": ").error(static_cast<int>(-result)).put(
        "; reports go to standard error");
}

bool open_log() {
    char name[kOptionTextBytes];
    text out(name, sizeof name - 1);
    const process_start& start = start_block();
    if (!report_log_name(out, active_options.log.text, start.program, raw_syscall(SYS_getpid))) {
        say_refused(active_options.log.text, -ENAMETOOLONG);
        return false;
    }
    name[out.length()] = '\0';
    long fd = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(name),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, kMode);
    if (syscall_failed(fd)) {
        say_refused(name, fd);
        return false;
    }
    int high = duplicate_high(static_cast<int>(fd));
    if (high >= 0) {
        raw_syscall(SYS_close, fd);
        fd = high;
    }
    log_fd = static_cast<int>(fd);
    log_file = identity_of(log_fd);
    return true;
}

bool log_is_open() {
    if (log_fd < 0) return false;
    file_identity now = identity_of(log_fd);
    if (same_file(now, log_file) || now.refused) return true;
    log_fd = -1;  // somebody else's by now
    return false;
}

}  // namespace

bool report_log_name(text& out, const char* pattern, const char* program, long process) {
    size_t most = kOptionTextBytes - 1;
    for (; *pattern != '\0'; pattern++) {
        if (out.length() + 1 >= most) return false;
        if (*pattern != '%' || pattern[1] == '\0') {
            out.put(*pattern);
            continue;
        }
        switch (*++pattern) {
            case 'p': out.dec(static_cast<uint64_t>(process)); break;
            case 'e': out.put(program); break;
            case '%': out.put('%'); break;
            default: out.put('%').put(*pattern); break;
        }
    }
    return out.length() + 1 < most;
}

void report_log_write(const char* text, size_t length) {
    bool wanted = active_options.log.text[0] != '\0' && !refused;
    if (!wanted || !(log_is_open() || open_log())) return host_write_report(text, length);
    keep_last_report(text, length);
    if (!os_write_all(log_fd, log_file, text, length)) host_write_report(text, length);
}

void report_log_after_fork() {
    if (log_fd < 0 || !names_process(active_options.log.text)) return;
    if (log_is_open()) raw_syscall(SYS_close, log_fd);
    log_fd = -1;
}

}  // namespace kslab
