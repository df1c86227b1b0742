#include "os/memory.h"

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

void* os_move(void* from, size_t old_bytes, size_t new_bytes) {
    if (os_page_size() != kPageSize) return nullptr;
    long result = raw_syscall(SYS_mremap, reinterpret_cast<long>(from), static_cast<long>(old_bytes),
                              static_cast<long>(new_bytes), MREMAP_MAYMOVE);
    return syscall_failed(result) ? nullptr : reinterpret_cast<void*>(result);
}

}  // namespace kslab
