// Reports in the kernel's formats (include/kslab/slabinfo.h). The text is made in pages of its own and written when it is
// whole, so that a reader who does not read holds up nobody but the writer.
#include "kslab/slabinfo.h"

#include <errno.h>

#include "api/slabinfo_text.h"
#include "base/bits.h"
#include "os/memory.h"
#include "os/syscall.h"

namespace kslab {

namespace {

struct filling {
    char* buffer;
    size_t size;
    size_t length;  // of the whole text
};

void fill(void* context, const char* text, size_t length) {
    auto* to = static_cast<filling*>(context);
    for (size_t i = 0; i < length; i++, to->length++)
        if (to->length < to->size) to->buffer[to->length] = text[i];
}

struct writing {
    int fd;
    int error;
};

void write_at_once(void* context, const char* text, size_t length) {
    auto* to = static_cast<writing*>(context);
    if (to->error == 0) to->error = write_whole(to->fd, text, length);
}

// Memory is so short that there is none for the text: row by row. Meanwhile the cache of the row cannot be destroyed.
int write_by_rows(int fd) {
    writing to{fd, 0};
    slabinfo_put_all(write_at_once, &to);
    return to.error;
}

constexpr size_t kFirstGuess = size_t{16} << 10;

int write_slabinfo(int fd) {
    for (size_t size = kFirstGuess;;) {
        filling to{static_cast<char*>(os_map(size)), size, 0};
        if (to.buffer == nullptr) return write_by_rows(fd);
        slabinfo_put_all(fill, &to);
        int error = to.length <= size ? write_whole(fd, to.buffer, to.length) : 0;
        os_unmap(to.buffer, size);
        if (to.length <= size) return error;
        size = align_up(to.length + to.length / 4, kPageSize);
    }
}

}  // namespace

int write_whole(int fd, const char* text, size_t length) {
    while (length > 0) {
        long written = raw_syscall(SYS_write, fd, reinterpret_cast<long>(text), static_cast<long>(length));
        if (written == -EINTR) continue;
        if (syscall_failed(written)) return static_cast<int>(-written);
        text += written;
        length -= static_cast<size_t>(written);
    }
    return 0;
}

}  // namespace kslab

extern "C" {

KSLAB_EXPORT int kslab_slabinfo(int fd) {
    int error = kslab::write_slabinfo(fd);
    if (error == 0) return 0;
    errno = error;
    return -1;
}

KSLAB_EXPORT long kslab_slabinfo_read(char* buffer, size_t size) {
    kslab::filling to{buffer, size == 0 ? 0 : size - 1, 0};
    kslab::slabinfo_put_all(kslab::fill, &to);
    if (size != 0) buffer[to.length < to.size ? to.length : to.size] = '\0';
    return static_cast<long>(to.length);
}

}  // extern "C"
