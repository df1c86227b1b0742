#include "os/maps_reader.h"

#include <errno.h>
#include <fcntl.h>

#include "os/syscall.h"

namespace kslab {

bool maps_reader::open() {
    // /proc/self is empty when the first thread has ended; thread-self is there since Linux 3.17.
    constexpr const char* kPaths[] = {"/proc/thread-self/maps", "/proc/self/maps"};
    for (const char* path : kPaths) {
        fd_ = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
        is_open_ = fd_ >= 0;
        if (is_open_) break;
    }
    at_ = end_ = 0;
    return is_open_;
}

void maps_reader::close() {
    if (is_open_) raw_syscall(SYS_close, fd_);
    is_open_ = false;
}

// The next character, -1 at the end.
int maps_reader::get() {
    if (!is_open_) return -1;
    if (at_ == end_) {
        long got;
        do {
            got = raw_syscall(SYS_read, fd_, reinterpret_cast<long>(buffer_), sizeof buffer_);
        } while (got == -EINTR);
        if (got <= 0) return -1;
        at_ = 0;
        end_ = static_cast<size_t>(got);
    }
    return static_cast<unsigned char>(buffer_[at_++]);
}

uint64_t maps_reader::number(unsigned base, int& stop) {
    for (uint64_t n = 0;;) {
        stop = get();
        int digit = stop >= '0' && stop <= '9' ? stop - '0' : stop >= 'a' && stop <= 'f' ? stop - 'a' + 10 : -1;
        if (digit < 0) return n;
        n = n * base + static_cast<uint64_t>(digit);
    }
}

void maps_reader::skip_blanks(int& c) {
    while (c == ' ') c = get();
}

// start-end rwxp offset device inode [path]
const maps_line* maps_reader::next() {
    int c;
    line_.start = number(16, c);
    if (c < 0) return nullptr;
    line_.end = number(16, c);
    line_.readable = get() == 'r';
    line_.writable = get() == 'w';
    line_.executable = get() == 'x';
    line_.is_private = get() == 'p';
    get();
    line_.offset = number(16, c);
    while ((c = get()) >= 0 && c != ' ') {
    }
    line_.inode = number(10, c);
    skip_blanks(c);
    size_t length = 0;
    for (; c >= 0 && c != '\n'; c = get())
        if (length < sizeof line_.path - 1) line_.path[length++] = static_cast<char>(c);
    line_.path[length] = '\0';
    return &line_;
}

}  // namespace kslab
