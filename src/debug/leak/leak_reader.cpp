#include "debug/leak/leak_reader.h"

#include <fcntl.h>

#include "base/bits.h"
#include "debug/own_memory.h"
#include "os/memory.h"
#include "os/syscall.h"

namespace kslab {

namespace {

// Entries of /proc/self/pagemap: Documentation/admin-guide/mm/pagemap.
constexpr uint64_t kPresent = uint64_t{1} << 63;
constexpr uint64_t kSwapped = uint64_t{1} << 62;
constexpr uint64_t kOfFile = uint64_t{1} << 61;  // or shared

bool was_written(uint64_t entry) { return (entry & (kPresent | kSwapped)) != 0 && (entry & kOfFile) == 0; }

}  // namespace

bool leak_reader::open() {
    char* memory = static_cast<char*>(os_map_guarded(2 * kReadBytes));
    if (memory == nullptr) return false;
    words_ = reinterpret_cast<uintptr_t*>(memory);
    entries_ = reinterpret_cast<uint64_t*>(memory + kReadBytes);
    page_table_ = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/thread-self/pagemap"), O_RDONLY | O_CLOEXEC);
    return true;
}

void leak_reader::close() {
    if (page_table_ >= 0) raw_syscall(SYS_close, page_table_);
    if (words_ != nullptr)
        os_unmap(reinterpret_cast<char*>(words_) - os_page_size(), 2 * kReadBytes + 2 * os_page_size());
    words_ = nullptr;
    entries_ = nullptr;
    page_table_ = -1;
}

bool leak_reader::owns(uintptr_t address) const {
    return address - reinterpret_cast<uintptr_t>(words_) < 2 * kReadBytes;
}

void leak_reader::read_piece(uintptr_t start, size_t bytes, word_visitor to) {
    if (read_own_memory(start, words_, bytes)) return to.visit(words_, bytes / sizeof(uintptr_t), to.context);
    // Some page of it cannot be read: one by one. `start` says where words begin.
    for (size_t at = 0; at < bytes;) {
        size_t page_end = align_up(start + at + 1, kPageSize) - start;
        size_t end = page_end < bytes ? page_end : bytes;
        if (end > at && read_own_memory(start + at, words_, end - at))
            to.visit(words_, (end - at) / sizeof(uintptr_t), to.context);
        at = align_up(end, sizeof(uintptr_t));
    }
}

void leak_reader::read(uintptr_t start, uintptr_t end, word_visitor to) {
    for (; start < end; start += kReadBytes) read_piece(start, end - start < kReadBytes ? end - start : kReadBytes, to);
}

void leak_reader::read_written(uintptr_t start, uintptr_t end, word_visitor to) {
    size_t page = os_page_size();
    while (start < end) {
        size_t pages = pages_for(end - start) / (page / kPageSize);
        if (pages > kMapEntries) pages = kMapEntries;
        if (pages == 0) pages = 1;
        long got = raw_syscall(SYS_pread64, page_table_, reinterpret_cast<long>(entries_),
                               static_cast<long>(pages * sizeof(uint64_t)),
                               static_cast<long>(start / page * sizeof(uint64_t)));
        if (got < static_cast<long>(sizeof(uint64_t))) return read(start, end, to);
        size_t known = static_cast<size_t>(got) / sizeof(uint64_t);
        for (size_t i = 0; i < known;) {
            size_t first = i;
            while (i < known && was_written(entries_[i])) i++;
            uintptr_t until = align_down(start, page) + i * page;
            uintptr_t from = align_down(start, page) + first * page;
            if (i > first) read(from < start ? start : from, until < end ? until : end, to);
            while (i < known && !was_written(entries_[i])) i++;
        }
        start = align_down(start, page) + known * page;
    }
}

}  // namespace kslab
