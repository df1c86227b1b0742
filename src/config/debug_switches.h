// KSLAB_DEBUG: SLUB's grammar, and which flags a cache gets from it.
//
//   [letters][,cache[,cache…]][;letters,cache…]
//
// `*` at the end of a cache name matches any rest; the first block that names the cache wins, the last block
// without names applies to the rest; no letters mean FZPU, `-` takes back the letters before it. As in SLUB,
// letters may be small, empty blocks are skipped, without a block for the rest the rest is not debugged, and O in
// any block counts for all. `1` (FZPUQL), `full` (with G) and `0` are matched whole, before letters.
#pragma once
#include "base/attributes.h"

namespace kslab {

struct options;
class text;

enum debug_flag : uint32_t {
    kDebugChecks = 1 << 0,      // F: every free is proved at once
    kDebugRedzone = 1 << 1,     // Z
    kDebugPoison = 1 << 2,      // P
    kDebugTrack = 1 << 3,       // U
    kDebugTrace = 1 << 4,       // T
    kDebugFail = 1 << 5,        // A
    kDebugKeepOrder = 1 << 6,   // O: no debugging for caches whose slab order it would raise
    kDebugGuard = 1 << 7,       // G
    kDebugQuarantine = 1 << 8,  // Q
    kDebugLeaks = 1 << 9,       // L
};

// What "no letters", `1` and `full` mean.
inline constexpr uint32_t kDebugDefault = kDebugChecks | kDebugRedzone | kDebugPoison | kDebugTrack;
inline constexpr uint32_t kDebugHunt = kDebugDefault | kDebugQuarantine | kDebugLeaks;
inline constexpr uint32_t kDebugFull = kDebugHunt | kDebugGuard;

struct debug_switches {
    static constexpr unsigned kBlocks = 16;
    static constexpr size_t kTextBytes = 512;
    struct block {
        uint32_t flags;
        uint16_t names;   // offset into `text` of the first name, separated by commas; 0: applies to the rest
        uint16_t length;
    };
    unsigned count = 0;
    uint32_t implied = 0;    // flags that every cache has besides
    block blocks[kBlocks] = {};
    char text[kTextBytes] = {};  // a copy of the value: programs overwrite their environment
};

// Null, or what is wrong with `value` in words; `into` is then empty (all off). `at` is where in `value`.
const char* debug_switches_parse(debug_switches& into, const char* value, size_t& at);

// What KSLAB_DEBUG, KSLAB_DEBUG_EXE and KSLAB_FAIL say together, for the executable of this name. A KSLAB_DEBUG
// that is wrong is reported in one line, and switches nothing on.
void debug_switches_read(debug_switches& into, const options& from, const char* program);

// KSLAB_FAIL alone is debugging too: kDebugFail for every cache, unless letters say which caches may fail.
uint32_t inject_implied_flags(const debug_switches& switches, const char* fail);

// The flags of the cache of that name.
uint32_t debug_flags_for(const debug_switches& switches, const char* cache_name);
// The flags that any cache may have: 0 when debugging is off.
uint32_t debug_flags_any(const debug_switches& switches);

// Whether `name` is matched by one of the comma-separated patterns (`*` at the end of one matches any rest).
bool matches_patterns(const char* patterns, size_t length, const char* name);
// The same for executables: of a path the last component counts, and blanks around a pattern do not.
bool matches_programs(const char* patterns, const char* program);

// The letters of the flags, in the order of the grammar.
text& put_debug_letters(text& out, uint32_t flags);

}  // namespace kslab
