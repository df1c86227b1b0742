// /proc/self/maps line by line, without allocation. For a static variable: it holds its own buffer.
#pragma once
#include "base/attributes.h"

namespace kslab {

inline constexpr size_t kMapsPathBytes = 1024;

struct maps_line {
    uintptr_t start, end;
    bool readable, writable, executable, is_private;
    uint64_t offset;  // in the file
    uint64_t inode;
    char path[kMapsPathBytes];  // empty for anonymous memory; too long ones are cut
};

class maps_reader {
public:
    constexpr maps_reader() = default;
    maps_reader(const maps_reader&) = delete;
    maps_reader& operator=(const maps_reader&) = delete;

    // False when /proc is not there, or no descriptor is left.
    bool open();
    // The next line, valid until the next call; null at the end.
    const maps_line* next();
    void close();

private:
    int get();
    uint64_t number(unsigned base, int& stop);
    void skip_blanks(int& c);

    bool is_open_ = false;  // all zeroes until then: variables of this class take no place in the library's file
    long fd_ = 0;
    size_t at_ = 0;
    size_t end_ = 0;
    char buffer_[4096] = {};
    maps_line line_ = {};
};

}  // namespace kslab
