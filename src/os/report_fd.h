// Where reports go: the file that was standard error when the program started. A program that closes it and
// opens a data file as descriptor 2 must not find a report among its data.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Remembers which file descriptor 2 is. Called once, at boot.
void report_fd_init();

// Keeps a descriptor of that file, so that what is written at exit arrives though the program has closed standard error, as
// coreutils do. Where something will be: otherwise kslab opens nothing.
void report_fd_keep();

// A descriptor of that file; -1: there is none any more.
int report_fd();

// A duplicate of `fd`, closed by exec, with a number that programs do not count on; -1: none.
int duplicate_high(int fd);

// Which file a descriptor stands for.
struct file_identity {
    uint64_t device;
    uint64_t inode;
    bool known;
    bool refused;  // a sandbox does not let us look
    bool pipe;     // or a socket: writing may raise SIGPIPE
};
file_identity identity_of(int fd);
inline bool same_file(const file_identity& a, const file_identity& b) {
    return a.known && b.known && a.device == b.device && a.inode == b.inode;
}

// Writes all of it, if the system lets us; never raises SIGPIPE. False: not everything was written.
bool os_write_all(int fd, const file_identity& file, const char* text, size_t length);

// Into kslab_last_report: the beginning of it.
void keep_last_report(const char* text, size_t length);

}  // namespace kslab

// The last report in text, for debuggers and core files; also when it could be written nowhere.
extern "C" KSLAB_EXPORT char kslab_last_report[1024];
