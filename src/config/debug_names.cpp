#include "config/debug_names.h"

#include "base/check.h"
#include "config/excerpt.h"

namespace kslab {

namespace {

constexpr char kFamily[] = "kmalloc";
constexpr size_t kFamilyLength = sizeof kFamily - 1;
constexpr size_t kSlips = 2;  // letters more, fewer or different that still count as meant

size_t least_of(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

// Edits that turn the text into `word`; at most kFamilyLength letters.
bool resembles(const char* text, size_t length, const char* word) {
    size_t word_length = string_length(word);
    if (length > word_length + kSlips || length + kSlips < word_length) return false;
    size_t row[kFamilyLength + 1];
    for (size_t j = 0; j <= word_length; j++) row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= word_length; j++) {
            size_t replace = diagonal + ((text[i - 1] | 0x20) != word[j - 1]);
            diagonal = row[j];
            row[j] = least_of(row[j] + 1, row[j - 1] + 1, replace);
        }
    }
    return row[word_length] <= kSlips;
}

struct pattern {
    const char* text;
    size_t length;  // without the star
    bool star;
};

bool matches(const pattern& p, const char* name) {
    size_t length = string_length(name);
    if (p.length > length || (!p.star && p.length != length)) return false;
    return __builtin_memcmp(p.text, name, p.length) == 0;
}

bool matches_some_class(const pattern& p, const size_class_table& classes) {
    if (matches(p, "kmalloc-large")) return true;
    for (unsigned i = 0; i < classes.count; i++) {
        char name[32];
        text out(name, sizeof name - 1);
        out.put("kmalloc-").dec(classes.size[i]);
        name[out.length()] = '\0';
        if (matches(p, name)) return true;
    }
    return false;
}

bool read_size(const char* digits, size_t length, size_t& size) {
    size = 0;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9' || size > kLargestClass) return false;
        size = size * 10 + static_cast<size_t>(digits[i] - '0');
    }
    return length > 0;
}

void put_class_of(text& out, size_t size, const size_class_table& classes) {
    for (unsigned i = 0; i < classes.count; i++)
        if (classes.size[i] >= size) {
            out.put("kmalloc-").dec(classes.size[i]);
            return;
        }
    out.put("kmalloc-large");
}

bool is_class(size_t size, const size_class_table& classes) {
    for (unsigned i = 0; i < classes.count; i++)
        if (classes.size[i] == size) return true;
    return false;
}

// False: it names a class, or may be the name of a cache that the program will make.
bool check_name(const char* option, const pattern& p, const size_class_table& classes) {
    if (matches_some_class(p, classes)) return false;
    size_t family = 0;
    while (family < p.length && p.text[family] != '-') family++;
    if (!resembles(p.text, family, kFamily)) return false;
    const char* rest = p.text + family + 1;
    size_t rest_length = family < p.length ? p.length - family - 1 : 0;
    size_t size = 0;
    bool sized = read_size(rest, rest_length, size);
    bool large = rest_length > 0 && !sized && resembles(rest, rest_length, "large");
    if (!sized && !large && rest_length > 0) return false;

    report_line out;
    put_excerpt(out->put(option).put(": no size class is called "), p.text, p.length + p.star);
    if (sized && !p.star && !is_class(size, classes)) {
        out->put("; objects of ").dec(size).put(size == 1 ? " byte" : " bytes").put(" are in ");
        put_class_of(*out.operator->(), size, classes);
        return true;
    }
    out->put("; did you mean kmalloc-");
    if (sized && !p.star) out->dec(size);
    if (large) out->put("large");
    out->put(p.star || (!sized && !large) ? "*?" : "?");
    return true;
}

}  // namespace

bool cache_name_check(const char* option, const char* name, size_t length, const size_class_table& classes) {
    bool star = length > 0 && name[length - 1] == '*';
    return check_name(option, {name, length - star, star}, classes);
}

unsigned debug_names_check(const debug_switches& switches, const size_class_table& classes) {
    unsigned wrong = 0;
    for (unsigned i = 0; i < switches.count; i++) {
        const debug_switches::block& block = switches.blocks[i];
        const char* names = switches.text + block.names;
        for (size_t begin = 0; block.names != 0 && begin < block.length;) {
            size_t end = begin;
            while (end < block.length && names[end] != ',') end++;
            wrong += cache_name_check("KSLAB_DEBUG", names + begin, end - begin, classes);
            begin = end + 1;
        }
    }
    return wrong;
}

}  // namespace kslab
