// Reading words of this process's memory for the leak scan, wherever they lie: through the kernel, so that a page
// that cannot be read is skipped instead of being a fault.
#pragma once
#include "base/attributes.h"

namespace kslab {

inline constexpr size_t kReadBytes = size_t{64} << 10;
inline constexpr size_t kMapEntries = kReadBytes / sizeof(uint64_t);

struct word_visitor {
    void (*visit)(const uintptr_t* words, size_t count, void* context);
    void* context;
};

// One scan reads at a time.
class leak_reader {
public:
    leak_reader() = default;
    leak_reader(const leak_reader&) = delete;
    leak_reader& operator=(const leak_reader&) = delete;

    // False when memory is short.
    bool open();
    void close();

    // All words from `start` on. What cannot be read is left out.
    void read(uintptr_t start, uintptr_t end, word_visitor to);
    // The same for whole pages, without those that were never written: they read as zero, or as the file says.
    void read_written(uintptr_t start, uintptr_t end, word_visitor to);

    // Its own buffers, which hold copies of everything.
    bool owns(uintptr_t address) const;

private:
    void read_piece(uintptr_t start, size_t bytes, word_visitor to);

    uintptr_t* words_ = nullptr;
    uint64_t* entries_ = nullptr;
    long page_table_ = -1;  // /proc/self/pagemap
};

}  // namespace kslab
