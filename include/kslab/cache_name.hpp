// How kmem_caches of C++ types are called when nobody names them. C++17 and later; included by kslab/cache.hpp and
// kslab/allocator.hpp.
#ifndef KSLAB_CACHE_NAME_HPP
#define KSLAB_CACHE_NAME_HPP

#include <stddef.h>
#include <stdint.h>

namespace kslab {

// A cache's name: 31 characters and the end.
struct cache_name {
    static constexpr size_t kLength = 31;
    char text[kLength + 1] = {};
};

namespace detail {

// `length` characters of a type's name. What separates words in /proc/slabinfo and in kslab's options, and what is no
// ASCII, becomes `_`. What is too long keeps its beginning and ends in `~` and six digits made of the whole.
constexpr cache_name make_name(const char* type, size_t length) {
    constexpr char kDigits[] = "0123456789abcdef";
    constexpr size_t kKept = cache_name::kLength - 7;
    cache_name name{};
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        char c = type[i];
        bool plain = c > ' ' && c <= '~' && c != ',' && c != ';' && c != '*';
        if (i < (length > cache_name::kLength ? kKept : length)) name.text[i] = plain ? c : '_';
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    }
    if (length <= cache_name::kLength) return name;
    hash ^= hash >> 24;
    name.text[kKept] = '~';
    for (size_t i = 0; i < 6; i++) name.text[kKept + 1 + i] = kDigits[(hash >> (20 - 4 * i)) & 15];
    return name;
}

// gcc and clang write "[with T = NAME]" and "[T = NAME]" behind the function.
template <typename T>
constexpr cache_name name_of_type() {
    constexpr char kMark[] = "T = ";
    const char* text = __PRETTY_FUNCTION__;
    size_t begin = 0, end = 0;
    while (text[end] != '\0') end++;
    for (size_t i = 0; begin == 0 && i + 4 < end; i++)
        if (text[i] == kMark[0] && text[i + 1] == kMark[1] && text[i + 2] == kMark[2] && text[i + 3] == kMark[3])
            begin = i + 4;
    return make_name(text + begin, end - 1 - begin);
}

}  // namespace detail

// What the caches of T are called when nobody names them: "connection", "std::_List_node<int>". Made by the compiler, so
// that two of them may differ in a blank.
template <typename T>
inline constexpr cache_name type_name = detail::name_of_type<T>();

}  // namespace kslab

#endif
