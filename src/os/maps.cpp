#include "os/maps.h"

#include <fcntl.h>

#include "os/syscall.h"

namespace kslab {

namespace {

// Characters of the file one by one, through a small buffer on the stack.
class reader {
public:
    // /proc/self is empty when the first thread has ended.
    reader() {
        static constexpr const char* kPaths[] = {"/proc/thread-self/maps", "/proc/self/maps"};
        for (const char* path : kPaths)
            if (fd_ < 0) fd_ = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
    }
    ~reader() {
        if (fd_ >= 0) raw_syscall(SYS_close, fd_);
    }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    int next() {
        if (at_ == end_) {
            end_ = fd_ < 0 ? 0 : raw_syscall(SYS_read, fd_, reinterpret_cast<long>(buffer_), sizeof buffer_);
            at_ = 0;
            if (end_ <= 0) return end_ = 0, -1;
        }
        return static_cast<unsigned char>(buffer_[at_++]);
    }

private:
    long fd_ = -1;
    long at_ = 0;
    long end_ = 0;
    char buffer_[512];
};

struct line {
    uintptr_t start = 0;
    uintptr_t end = 0;
    bool writable = false;
    bool is_private = false;
    char name[9] = {};  // the first characters
};

uintptr_t read_hex(reader& in, int& stop) {
    uintptr_t n = 0;
    for (;;) {
        stop = in.next();
        int digit = stop >= '0' && stop <= '9' ? stop - '0' : stop >= 'a' && stop <= 'f' ? stop - 'a' + 10 : -1;
        if (digit < 0) return n;
        n = n * 16 + static_cast<uintptr_t>(digit);
    }
}

// start-end perms offset device inode [name]
bool read_line(reader& in, line& out) {
    int c;
    out = line{};
    out.start = read_hex(in, c);
    if (c < 0) return false;
    out.end = read_hex(in, c);
    unsigned field = 1;
    unsigned column = 0;
    for (c = in.next(); c >= 0 && c != '\n'; c = in.next()) {
        if (c == ' ' && field < 5) {
            field++;
            column = 0;
            continue;
        }
        if (field == 1 && column == 1) out.writable = c == 'w';
        if (field == 1 && column == 3) out.is_private = c == 'p';
        if (field == 5 && c != ' ' && column < sizeof out.name - 1) out.name[column++] = static_cast<char>(c);
        if (field < 5) column++;
    }
    return true;
}

mapping_kind kind_of(const line& l) {
    if (l.name[0] == '/') return mapping_kind::file;
    if (!l.writable || !l.is_private) return mapping_kind::other;
    if (l.name[0] == '\0') return mapping_kind::anonymous;
    if (__builtin_memcmp(l.name, "[stack]", 7) == 0) return mapping_kind::stack;
    bool heap = __builtin_memcmp(l.name, "[heap]", 7) == 0;
    return heap ? mapping_kind::heap : mapping_kind::other;
}

}  // namespace

mapping_kind mapping_of(const void* address) {
    uintptr_t where = reinterpret_cast<uintptr_t>(address);
    reader in;
    line l;
    line before;
    for (; read_line(in, l); before = l) {
        if (where < l.start || where >= l.end) continue;
        // Static data that a file has no bytes for follows its written part; but so may anything.
        bool behind_data = before.end == l.start && before.writable && before.name[0] == '/';
        return behind_data && kind_of(l) == mapping_kind::anonymous ? mapping_kind::behind_file : kind_of(l);
    }
    return mapping_kind::unknown;
}

bool same_mapping(const void* a, const void* b) {
    uintptr_t one = reinterpret_cast<uintptr_t>(a);
    uintptr_t other = reinterpret_cast<uintptr_t>(b);
    reader in;
    line l;
    while (read_line(in, l))
        if (one >= l.start && one < l.end) return other >= l.start && other < l.end;
    return false;
}

}  // namespace kslab
