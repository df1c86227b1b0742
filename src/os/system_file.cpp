#include "os/system_file.h"

#include <fcntl.h>

#include "os/syscall.h"

namespace kslab {

size_t os_read_file(const char* path, char* into, size_t bytes) {
    long file = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
    if (syscall_failed(file)) return 0;
    long length = raw_syscall(SYS_read, file, reinterpret_cast<long>(into), static_cast<long>(bytes));
    raw_syscall(SYS_close, file);
    return length <= 0 ? 0 : static_cast<size_t>(length);
}

}  // namespace kslab
