// KSLAB_FAIL in parts: which allocations are to fail. Keys and meanings are those of the kernel's failslab where it
// has them.
//
//   key:value[,key:value…]
//
//   nth:N        the Nth that qualifies fails, and those behind it as long as `times` allows
//   every:N      only every Nth may fail; with nth counted from there. interval:N is the same
//   rate:P       each of these fails with a probability of P per cent (0.1, 12.5)
//   times:N      no more than N fail; -1: any number. Without it 1 with nth, any number otherwise
//   size:A-B     only sizes from A to B qualify (K, M, G; one end may be missing; size:40 is 40 alone)
//   cache:NAME   only these caches, `*` at the end for any rest; may be repeated
//   caller:NAME  only calls from modules of that file name (`*` as above), or from within a function of that name, if
//                a dynamic symbol table has it; may be repeated
//   seed:N       another series of random numbers
//   log:1        a line for each failure, with the stack if stacks are kept
#pragma once
#include "base/attributes.h"

namespace kslab {

struct inject_rules {
    static constexpr size_t kTextBytes = 512;
    static constexpr unsigned kNames = 8;
    static constexpr uint64_t kNoLimit = ~uint64_t{0};
    static constexpr uint32_t kAlways = 100'000'000;  // per cent, in millionths

    struct name {
        uint16_t begin;  // in `text`
        uint16_t length;
    };
    struct names {
        unsigned count = 0;
        name list[kNames] = {};
    };

    uint64_t nth = 0;    // 0: not asked for
    uint64_t every = 1;
    uint32_t rate = kAlways;
    uint64_t times = kNoLimit;
    uint64_t least = 0;  // sizes
    uint64_t most = ~uint64_t{0};
    uint64_t seed = 0;
    bool log = false;
    names caches;
    names callers;
    char text[kTextBytes] = {};
};

// Null, or what is wrong in words; `at` is where in `value`.
const char* inject_rules_parse(inject_rules& into, const char* value, size_t& at);

// Whether one of the names, as a pattern, matches.
bool matches_any(const inject_rules& rules, const inject_rules::names& names, const char* name);

}  // namespace kslab
