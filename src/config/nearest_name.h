// The name that somebody meant who typed one that does not exist.
#pragma once
#include "base/format.h"

namespace kslab {

inline constexpr size_t kLongestName = 32;

inline size_t smallest(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

// A name as people compare them: without underscores, in capitals.
struct plain_name {
    char letter[kLongestName];
    size_t length = 0;

    plain_name(const char* name, size_t name_length) {
        for (size_t i = 0; i < name_length && length < kLongestName; i++) {
            if (name[i] == '_') continue;
            letter[length++] = name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - ('a' - 'A')) : name[i];
        }
    }
};

inline bool begins_with(const plain_name& whole, const plain_name& part) {
    if (part.length > whole.length) return false;
    for (size_t i = 0; i < part.length; i++)
        if (whole.letter[i] != part.letter[i]) return false;
    return true;
}

// Edits (insert, delete, replace) that turn one name into the other. A beginning, from three letters on, counts as one.
inline size_t edit_distance(const plain_name& a, const plain_name& b) {
    if (a.length >= 3 && a.length != b.length && (begins_with(a, b) || begins_with(b, a))) return 1;
    uint8_t row[kLongestName + 1];
    for (size_t j = 0; j <= b.length; j++) row[j] = static_cast<uint8_t>(j);
    for (size_t i = 1; i <= a.length; i++) {
        size_t diagonal = row[0];
        row[0] = static_cast<uint8_t>(i);
        for (size_t j = 1; j <= b.length; j++) {
            size_t replace = diagonal + (a.letter[i - 1] != b.letter[j - 1]);
            diagonal = row[j];
            row[j] = static_cast<uint8_t>(smallest(row[j] + size_t{1}, row[j - 1] + size_t{1}, replace));
        }
    }
    return row[b.length];
}

// Asked for one name after the other: is it nearer than those before? Never when more than half of the letters are
// different. Of names equally near the one of the same length.
class nearest_name {
public:
    nearest_name(const char* name, size_t length)
        : wanted_(name, length), least_((wanted_.length / 2 + 1) * kLongestName) {}

    bool is_nearer(const char* name) {
        plain_name known(name, string_length(name));
        size_t longer = known.length > wanted_.length ? known.length - wanted_.length : wanted_.length - known.length;
        size_t distance = edit_distance(wanted_, known) * kLongestName + longer;
        if (distance >= least_) return false;
        least_ = distance;
        return true;
    }

private:
    plain_name wanted_;
    size_t least_;
};

}  // namespace kslab
