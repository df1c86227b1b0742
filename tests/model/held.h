// An object with its owner's stamp in it: two live objects that share a byte overwrite each other's, and the
// next look at either of them shows it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace model {

struct held {
    unsigned char* object = nullptr;
    size_t size = 0;
    uint64_t stamp = 0;  // thread and serial number, never 0
    int cache = -1;      // which of the caches it comes from; -1: none

    // Writes the stamp: all of a small object, both ends and a part of each page of a large one.
    void write() const { visit(size, [](unsigned char& byte, unsigned char right) { byte = right; }); }

    // Looks at the first `length` bytes; reports and aborts when they are not as they were written.
    void check(size_t length) const;
    void check() const { check(size); }

private:
    template <typename F>
    void visit(size_t length, F each) const {
        for (size_t i = 0; i < length; i = next(i)) each(object[i], byte_at(i));
    }
    // Every byte of the first 256 and the last 64, and the first eight of each page.
    size_t next(size_t i) const {
        if (++i < 256 || i + 64 >= size || i % 4096 < 8) return i;
        size_t page = (i / 4096 + 1) * 4096;
        return page < size - 64 ? page : size - 64;
    }
    unsigned char byte_at(size_t i) const {
        return static_cast<unsigned char>((stamp >> (i % 8 * 8)) + i / 8 * 29 + size);
    }
};

[[noreturn]] void stop(const char* what, const held& object);

}  // namespace model
