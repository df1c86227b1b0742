// A place: memory that holds one object under debugging, with everything around it that is checked.
//
//   |<----------------------- bytes ------------------------->|
//   | left redzone |       object       | right redzone       |
//   begin          begin + offset       + requested
//
// The right redzone begins at the byte behind what was asked for, so the slack of a size class is part of it. In
// use both hold 0xcc, free 0xbb; the object is 0x5a when handed out, 0x6b … 0xa5 while free. All bytes are SLUB's.
// Of a left redzone that alignment made large only the last kMostRedzone bytes count.
#pragma once
#include "check/record.h"
#include "config/debug_switches.h"

namespace kslab {

struct kmem_cache;
struct slab;
struct run;

inline constexpr size_t kRedzoneBytes = 16;
inline constexpr size_t kMostRedzone = 4096;
inline constexpr unsigned char kRedzoneActive = 0xcc;
inline constexpr unsigned char kRedzoneInactive = 0xbb;
inline constexpr unsigned char kPoisonInUse = 0x5a;
inline constexpr unsigned char kPoisonFree = 0x6b;
inline constexpr unsigned char kPoisonEnd = 0xa5;

struct place {
    char* begin;
    size_t bytes;            // those that can be read and written
    object_record* record;
    uint32_t flags;          // debug_flag
    const kmem_cache* cache; // null: a run of its own
    slab* in_slab;           // null: a run of its own
    run* in_run;             // null: in a slab
    bool guarded;            // an inaccessible page follows the last byte (or precedes the first)

    char* object() const { return begin + record->offset; }
    char* object_end() const { return object() + record->requested; }
    char* end() const { return begin + bytes; }
};

// Bytes that are not what they should be.
struct damage {
    const unsigned char* first = nullptr;  // null: none
    const unsigned char* last = nullptr;   // the last wrong one
    unsigned char expected = 0;
    enum class where : uint8_t { left, right, object } region = where::object;
    explicit operator bool() const { return first != nullptr; }
};

// Redzones of an object in use or free; only what `flags` ask for.
void fill_redzones(const place& p, unsigned char byte);
damage check_redzones(const place& p, unsigned char byte);
void poison_in_use(const place& p);
void poison_free(const place& p);
damage check_poison(const place& p);

// Makes the damaged bytes right again.
void restore(const place& p, const damage& d);

// The first byte of [from, from + bytes) that is not `byte`; null when all are.
const unsigned char* find_other(const void* from, size_t bytes, unsigned char byte);

}  // namespace kslab
