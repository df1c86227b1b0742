#include "os/memory.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "os/environment.h"
#include "os/syscall.h"

namespace kslab {

namespace {

void* map(void* where, size_t bytes, int protection, int flags) {
    long result = raw_syscall(SYS_mmap, reinterpret_cast<long>(where), static_cast<long>(bytes), protection,
                              MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return syscall_failed(result) ? nullptr : reinterpret_cast<void*>(result);
}

}  // namespace

size_t os_page_size() {
    size_t size = start_block().page_size;
    return size < kPageSize ? kPageSize : size;
}

void* os_map(size_t bytes) { return map(nullptr, align_up(bytes, os_page_size()), PROT_READ | PROT_WRITE, 0); }

void* os_map_guarded(size_t bytes) {
    size_t page = os_page_size();
    bytes = align_up(bytes, page);
    char* around = static_cast<char*>(map(nullptr, bytes + 2 * page, PROT_NONE, MAP_NORESERVE));
    if (around == nullptr) return nullptr;
    // Mapping over the middle needs no mprotect, which seccomp filters like to forbid.
    void* inside = map(around + page, bytes, PROT_READ | PROT_WRITE, MAP_FIXED);
    if (inside == nullptr) os_unmap(around, bytes + 2 * page);
    return inside;
}

bool os_unmap(void* start, size_t bytes) {
    return !syscall_failed(
        raw_syscall(SYS_munmap, reinterpret_cast<long>(start), static_cast<long>(align_up(bytes, os_page_size()))));
}

bool os_purge(void* start, size_t bytes) {
    size_t page = os_page_size();
    uintptr_t first = align_up(reinterpret_cast<uintptr_t>(start), page);
    uintptr_t last = align_down(reinterpret_cast<uintptr_t>(start) + bytes, page);
    if (first != reinterpret_cast<uintptr_t>(start) || last - first != bytes) return false;
    return raw_syscall(SYS_madvise, static_cast<long>(first), static_cast<long>(bytes), MADV_DONTNEED) == 0;
}

bool os_move(void* from, size_t old_bytes, void* to, size_t new_bytes) {
    // The system unmaps the target before it looks at the source, unless the whole call is refused.
    static bool refused;
    long result = -ENOSYS;
    if (!__atomic_load_n(&refused, __ATOMIC_RELAXED))
        result = raw_syscall(SYS_mremap, reinterpret_cast<long>(from), static_cast<long>(old_bytes),
                             static_cast<long>(new_bytes), MREMAP_MAYMOVE | MREMAP_FIXED,
                             reinterpret_cast<long>(to));
    if (!syscall_failed(result)) return true;
    if (result == -ENOSYS || result == -EPERM || result == -EACCES || result == -EINVAL) {
        if (result != -EINVAL) __atomic_store_n(&refused, true, __ATOMIC_RELAXED);
        os_unmap(to, new_bytes);
    }
    return false;
}

}  // namespace kslab
