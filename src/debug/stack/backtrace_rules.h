// The rule cache: unwind rules by instruction, for the whole process. A word each, in sets of four, read and written
// without a lock: a reader finds a whole rule or none. When code was unloaded and other code takes its addresses, all
// rules are forgotten; that is seen when the first rule of the new code is asked for.
#pragma once
#include <atomic>

#include "debug/stack/backtrace_cfi.h"

namespace kslab {

// The rules of neighbouring instructions lie together: a set is for 32 bytes of code, and for what has the same hash.
inline constexpr unsigned kCodeShift = 5;
inline constexpr unsigned kSetBits = 13;
inline constexpr unsigned kRuleWays = 4;

struct alignas(kRuleWays * sizeof(uint64_t)) rule_set {
    std::atomic<uint64_t> way[kRuleWays];
};
// Made by rules_boot: most processes have none.
extern std::atomic<rule_set*> rule_cache;

inline rule_set& rules_around(rule_set* cache, uintptr_t pc) {
    return cache[(pc >> kCodeShift ^ pc >> (kCodeShift + kSetBits)) & ((uintptr_t{1} << kSetBits) - 1)];
}

// 34 bits of the instruction's address (the others follow from these and the set), 19 of the rule's cfa, 8 of its bp, 3
// of its kind.
class packed_rule {
public:
    packed_rule(uintptr_t pc, unwind_rule rule)
        : word_(tag(pc) << kRuleBits | uint64_t{rule.cfa} << 11 | uint64_t{rule.bp} << 3 |
                static_cast<uint64_t>(rule.kind)) {}
    explicit packed_rule(uint64_t word) : word_(word) {}

    uint64_t word() const { return word_; }
    bool fits(uintptr_t pc) const { return word_ >> kRuleBits == tag(pc); }
    unwind_kind kind() const { return static_cast<unwind_kind>(word_ & 7); }
    unsigned bp() const { return word_ >> 3 & 0xff; }
    uintptr_t bp_bytes() const { return word_ & 0x7f8; }
    uintptr_t cfa_bytes() const { return (word_ >> 11 & kMostCfaWords) << kWordShift; }

    static constexpr unsigned kRuleBits = 30;

private:
    static uint64_t tag(uintptr_t pc) {
        return pc >> (kCodeShift + kSetBits) << kCodeShift | (pc & ((uintptr_t{1} << kCodeShift) - 1));
    }
    uint64_t word_;
};

// Reads the rule, and keeps it.
packed_rule rule_for_slow(uintptr_t pc);

// The rule for the instruction that contains the byte at `pc`.
inline packed_rule rule_for(uintptr_t pc) {
    rule_set* cache = rule_cache.load(std::memory_order_acquire);
    if (KSLAB_UNLIKELY(cache == nullptr)) return rule_for_slow(pc);
    const rule_set& set = rules_around(cache, pc);
    for (const std::atomic<uint64_t>& way : set.way) {
        packed_rule rule(way.load(std::memory_order_relaxed));
        if (KSLAB_LIKELY(rule.fits(pc))) return rule;
    }
    return rule_for_slow(pc);
}

// Changes whenever rules were forgotten: whatever was derived from them is void then.
extern std::atomic<uint32_t> rule_generation;

// The module that holds `pc`, and its PT_GNU_EH_FRAME; false when there is none. Only its lock-free search: false
// where the loader has none.
struct module_tables {
    uintptr_t start = 0;
    uintptr_t end = 0;
    const void* header = nullptr;
};
bool module_around(uintptr_t pc, module_tables& out);

// Makes the cache, and looks for the loader's functions: before, no rule is found. False when memory is short.
bool rules_boot();

// The ways to find a module's tables, for tests: the loader's lock-free search (glibc 2.35), or the list of modules.
enum class module_search : uint8_t { find_object, iterate };
void rules_use_search(module_search search);
void rules_forget();

}  // namespace kslab
