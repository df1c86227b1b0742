#include "base/format.h"

#include <string.h>

namespace kslab {

size_t string_length(const char* s) {
    size_t n = 0;
    while (s[n] != '\0') n++;
    return n;
}

bool strings_equal(const char* a, const char* b) {
    while (*a != '\0' && *a == *b) a++, b++;
    return *a == *b;
}

bool equals_prefix(const char* a, size_t length, const char* b) {
    for (size_t i = 0; i < length; i++)
        if (b[i] == '\0' || a[i] != b[i]) return false;
    return b[length] == '\0';
}

text& text::put(const char* s, size_t length) {
    size_t room = capacity_ - length_;
    bool cut = length > room;
    if (cut) length = room;
    __builtin_memcpy(buffer_ + length_, s, length);
    length_ += length;
    if (cut)
        for (size_t dot = 1; dot <= 3 && dot <= capacity_; dot++) buffer_[capacity_ - dot] = '.';
    return *this;
}

text& text::put(const char* s) { return put(s, string_length(s)); }

text& text::dec(uint64_t n, unsigned width, char fill) {
    char digits[20];
    char* first = digits + sizeof digits;
    do {
        *--first = static_cast<char>('0' + n % 10);
        n /= 10;
    } while (n != 0);
    auto count = static_cast<size_t>(digits + sizeof digits - first);
    for (size_t i = count; i < width; i++) put(fill);
    return put(first, count);
}

text& text::sdec(int64_t n) {
    if (n >= 0) return dec(static_cast<uint64_t>(n));
    return put('-').dec(0 - static_cast<uint64_t>(n));
}

text& text::hex(uint64_t n) {
    char digits[16];
    char* first = digits + sizeof digits;
    do {
        *--first = "0123456789abcdef"[n & 15];
        n >>= 4;
    } while (n != 0);
    return put(first, static_cast<size_t>(digits + sizeof digits - first));
}

text& text::bytes(uint64_t n) {
    static constexpr char kUnits[] = {'K', 'M', 'G'};
    int unit = -1;
    while (unit < 2 && n != 0 && n % 1024 == 0) n /= 1024, unit++;
    dec(n);
    return unit < 0 ? *this : put(kUnits[unit]);
}

text& text::error(int number) {
    const char* words = strerrordesc_np(number);
    return words != nullptr ? put(words) : put("error ").sdec(number);
}

text& text::pad_to(size_t column) {
    while (length_ < column && length_ < capacity_) put(' ');
    return *this;
}

}  // namespace kslab
