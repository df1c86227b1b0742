#include "os/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "base/bits.h"
#include "base/relaxed.h"
#include "os/environment.h"
#include "os/syscall.h"
#include "os/system_file.h"

namespace kslab {

namespace {

// Not in the headers that the compiler's system has.
constexpr int kPopulateRead = 22;
constexpr int kPopulateWrite = 23;
constexpr int kGuardInstall = 102;
constexpr int kGuardRemove = 103;
bool guard_forgotten = false;
relaxed<bool> populate_forgotten = false;

void* map(void* where, size_t bytes, int protection, int flags) {
    long result = raw_syscall(SYS_mmap, reinterpret_cast<long>(where), static_cast<long>(bytes), protection,
                              MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return syscall_failed(result) ? nullptr : reinterpret_cast<void*>(result);
}

}  // namespace

#if !defined(__x86_64__)
size_t os_page_size() {
    size_t size = start_block().page_size;
    return size < kPageSize ? kPageSize : size;
}
#endif

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

bool os_unmap_part(void* start, size_t bytes) {
    bool whole = os_page_size() == kPageSize || ((reinterpret_cast<uintptr_t>(start) | bytes) & (os_page_size() - 1)) == 0;
    return whole && os_unmap(start, bytes);
}

bool os_purge(void* start, size_t bytes) {
    size_t page = os_page_size();
    uintptr_t first = align_up(reinterpret_cast<uintptr_t>(start), page);
    uintptr_t last = align_down(reinterpret_cast<uintptr_t>(start) + bytes, page);
    if (first != reinterpret_cast<uintptr_t>(start) || last - first != bytes) return false;
    return raw_syscall(SYS_madvise, static_cast<long>(first), static_cast<long>(bytes), MADV_DONTNEED) == 0;
}

namespace {

long populate(uintptr_t first, uintptr_t last) {
    if (first >= last) return 0;
    return raw_syscall(SYS_madvise, static_cast<long>(first), static_cast<long>(last - first), kPopulateWrite);
}

}  // namespace

void os_populate(void* start, size_t bytes) {
    if (populate_forgotten) return;
    uintptr_t first = align_up(reinterpret_cast<uintptr_t>(start), os_page_size());
    uintptr_t last = align_down(reinterpret_cast<uintptr_t>(start) + bytes, os_page_size());
    long result = populate(first, last);
    if (result == -EPERM || result == -ENOSYS || result == -EACCES) populate_forgotten = true;  // a sandbox
}

void os_populate_own(void* start, size_t bytes) {
    uintptr_t first = align_down(reinterpret_cast<uintptr_t>(start), os_page_size());
    uintptr_t last = align_up(reinterpret_cast<uintptr_t>(start) + bytes, os_page_size());
    if (populate(first, last) < 0) populate_forgotten = true;
}

bool os_readable(void* page) {
    if (populate_forgotten) return false;
    uintptr_t first = align_down(reinterpret_cast<uintptr_t>(page), os_page_size());
    return raw_syscall(SYS_madvise, static_cast<long>(first), static_cast<long>(os_page_size()), kPopulateRead) == 0;
}

void os_populate_forget(bool forgotten) { populate_forgotten = forgotten; }

void* os_move(void* from, size_t old_bytes, size_t new_bytes) {
    if (os_page_size() != kPageSize) return nullptr;
    long result = raw_syscall(SYS_mremap, reinterpret_cast<long>(from), static_cast<long>(old_bytes),
                              static_cast<long>(new_bytes), MREMAP_MAYMOVE);
    return syscall_failed(result) ? nullptr : reinterpret_cast<void*>(result);
}

namespace {

bool advise(void* start, size_t bytes, int advice) {
    return raw_syscall(SYS_madvise, reinterpret_cast<long>(start), static_cast<long>(bytes), advice) == 0;
}

}  // namespace

bool os_protect(void* start, size_t bytes, bool accessible) {
    int protection = accessible ? PROT_READ | PROT_WRITE : PROT_NONE;
    return raw_syscall(SYS_mprotect, reinterpret_cast<long>(start), static_cast<long>(bytes), protection) == 0;
}

bool os_guard_install(void* start, size_t bytes) {
    return !guard_forgotten && advise(start, bytes, kGuardInstall);
}

bool os_guard_remove(void* start, size_t bytes) { return advise(start, bytes, kGuardRemove); }

bool os_guard_supported() {
    size_t page = os_page_size();
    void* probe = map(nullptr, page, PROT_READ | PROT_WRITE, 0);
    if (probe == nullptr) return false;
    bool supported = os_guard_install(probe, page) && os_guard_remove(probe, page);
    os_unmap(probe, page);
    return supported;
}

void os_guard_forget(bool forgotten) { guard_forgotten = forgotten; }

size_t os_mapping_limit() {
    constexpr size_t kDefault = 65530;
    char digits[24];
    size_t length = os_read_file("/proc/sys/vm/max_map_count", digits, sizeof digits);
    size_t limit = 0;
    for (size_t i = 0; i < length && digits[i] >= '0' && digits[i] <= '9'; i++)
        limit = limit * 10 + static_cast<size_t>(digits[i] - '0');
    return limit == 0 ? kDefault : limit;
}

size_t os_machine_memory() {
    struct sysinfo info;
    if (raw_syscall(SYS_sysinfo, reinterpret_cast<long>(&info)) != 0) return 0;
    return info.totalram * info.mem_unit;
}

}  // namespace kslab
