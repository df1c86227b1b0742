// Text without malloc, locale or stdio: a bounded line that ends in "..." when it was cut.
#pragma once
#include "base/attributes.h"

namespace kslab {

class text {
public:
    text(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {}

    text& put(const char* s);
    text& put(const char* s, size_t length);
    text& put(char c) { return put(&c, 1); }
    text& dec(uint64_t n, unsigned width = 0, char fill = ' ');
    text& sdec(int64_t n);
    text& hex(uint64_t n);
    text& ptr(const void* p) { return put("0x").hex(reinterpret_cast<uintptr_t>(p)); }
    // 262144 as 256K: exact multiples only.
    text& bytes(uint64_t n);
    // The words of an errno, as in libc's table: untranslated.
    text& error(int number);
    text& pad_to(size_t column);

    const char* data() const { return buffer_; }
    size_t length() const { return length_; }

private:
    char* buffer_;
    size_t capacity_;
    size_t length_ = 0;
};

size_t string_length(const char* s);
bool strings_equal(const char* a, const char* b);
// Like strings_equal for the first `length` bytes of `a`.
bool equals_prefix(const char* a, size_t length, const char* b);

}  // namespace kslab
