#include "check/place.h"

namespace kslab {

namespace {

constexpr size_t kWord = sizeof(uint64_t);

uint64_t word_at(const unsigned char* p) {
    uint64_t word;
    __builtin_memcpy(&word, p, kWord);
    return word;
}

const unsigned char* bytes_of(const void* p) { return static_cast<const unsigned char*>(p); }

struct zone {
    char* from;
    size_t bytes;
};

// What counts of the bytes before the object, and all behind it.
zone left_zone(const place& p) {
    size_t bytes = p.record->offset < kMostRedzone ? p.record->offset : kMostRedzone;
    return {p.object() - bytes, bytes};
}
zone right_zone(const place& p) { return {p.object_end(), static_cast<size_t>(p.end() - p.object_end())}; }

// The last wrong byte of a zone whose first wrong byte is known.
damage damage_in(const void* from, size_t bytes, unsigned char expected, damage::where region) {
    damage d;
    d.first = find_other(from, bytes, expected);
    if (d.first == nullptr) return d;
    d.last = bytes_of(from) + bytes - 1;
    while (*d.last == expected) d.last--;
    d.expected = expected;
    d.region = region;
    return d;
}

// Huge objects are often sparse: filling them all would make them resident.
constexpr size_t kMostInUse = size_t{64} << 10;
constexpr size_t kMostPoison = size_t{16} << 20;

size_t least(size_t a, size_t b) { return a < b ? a : b; }

}  // namespace

const unsigned char* find_other(const void* from, size_t bytes, unsigned char byte) {
    const unsigned char* p = bytes_of(from);
    const unsigned char* end = p + bytes;
    uint64_t pattern = byte * 0x0101010101010101ull;
    for (; static_cast<size_t>(end - p) >= 4 * kWord; p += 4 * kWord) {
        uint64_t other = (word_at(p) ^ pattern) | (word_at(p + kWord) ^ pattern) |
                         (word_at(p + 2 * kWord) ^ pattern) | (word_at(p + 3 * kWord) ^ pattern);
        if (KSLAB_UNLIKELY(other != 0)) break;
    }
    for (; static_cast<size_t>(end - p) >= kWord; p += kWord)
        if (KSLAB_UNLIKELY(word_at(p) != pattern)) break;
    for (; p < end; p++)
        if (*p != byte) return p;
    return nullptr;
}

void fill_redzones(const place& p, unsigned char byte) {
    if ((p.flags & kDebugRedzone) == 0) return;
    zone left = left_zone(p);
    zone right = right_zone(p);
    __builtin_memset(left.from, byte, left.bytes);
    __builtin_memset(right.from, byte, right.bytes);
}

damage check_redzones(const place& p, unsigned char byte) {
    if ((p.flags & kDebugRedzone) == 0) return {};
    zone right = right_zone(p);
    if (damage d = damage_in(right.from, right.bytes, byte, damage::where::right)) return d;
    zone left = left_zone(p);
    return damage_in(left.from, left.bytes, byte, damage::where::left);
}

void poison_in_use(const place& p) {
    if ((p.flags & kDebugPoison) == 0) return;
    __builtin_memset(p.object(), kPoisonInUse, least(p.record->requested, kMostInUse));
}

void poison_free(const place& p) {
    size_t bytes = least(p.record->requested, kMostPoison);
    if ((p.flags & kDebugPoison) == 0 || bytes == 0) return;
    __builtin_memset(p.object(), kPoisonFree, bytes - 1);
    p.object()[bytes - 1] = static_cast<char>(kPoisonEnd);
}

damage check_poison(const place& p) {
    size_t bytes = least(p.record->requested, kMostPoison);
    if ((p.flags & kDebugPoison) == 0 || bytes == 0) return {};
    damage d = damage_in(p.object(), bytes - 1, kPoisonFree, damage::where::object);
    if (d || static_cast<unsigned char>(p.object()[bytes - 1]) == kPoisonEnd) return d;
    d.first = d.last = bytes_of(p.object()) + bytes - 1;
    d.expected = kPoisonEnd;
    d.region = damage::where::object;
    return d;
}

void restore(const place& p, const damage& d) {
    if (d.region == damage::where::object) return poison_free(p);
    for (const unsigned char* at = d.first; at <= d.last; at++) *const_cast<unsigned char*>(at) = d.expected;
}

}  // namespace kslab
