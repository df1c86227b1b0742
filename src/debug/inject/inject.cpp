#include "debug/inject/inject.h"

#include "base/check.h"
#include "cache/kmem_cache.h"
#include "config/debug_names.h"
#include "config/excerpt.h"
#include "debug/inject/inject_rules.h"
#include "debug/object/objects.h"
#include "debug/report/operation_text.h"
#include "debug/report/report.h"
#include "kmalloc/kmalloc.h"

namespace kslab {

namespace {

constinit inject_rules active_rules{};
constinit std::atomic<bool> active{false};
constinit std::atomic<uint64_t> asked{0};
constinit std::atomic<uint64_t> failed{0};
// The last failure may be read while another is written: a crash report is content with either's parts.
constinit relaxed<call_kind> last_kind{call_kind::none};
constinit relaxed<size_t> last_size{0};
constinit relaxed<uint32_t> last_stack{0};
constinit relaxed<uint32_t> last_thread{0};

// The same for the same seed and number, whichever thread asks.
uint32_t random_bits(uint64_t seed, uint64_t number) {
    uint64_t x = seed * 0xd1342543de82ef95u + number * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return static_cast<uint32_t>((x ^ (x >> 31)) >> 32);
}

bool qualifies(const kmem_cache* cache, const call& how) {
    const inject_rules& rules = active_rules;
    if (how.size < rules.least || how.size > rules.most) return false;
    if (rules.caches.count != 0 && !matches_any(rules, rules.caches, cache_name_of(cache))) return false;
    return rules.callers.count == 0 || called_by(rules);
}

// `number` counts those that qualify, from 1.
bool is_chosen(uint64_t number) {
    const inject_rules& rules = active_rules;
    if (number < rules.nth) return false;
    if (rules.every > 1 && (number - rules.nth) % rules.every != 0) return false;
    if (rules.rate == inject_rules::kAlways) return true;
    uint64_t dice = uint64_t{random_bits(rules.seed, number)} * inject_rules::kAlways >> 32;
    return dice < rules.rate;
}

// The number of this failure, from 1; 0 when no more may fail.
uint64_t take_failure() {
    uint64_t before = failed.load(std::memory_order_relaxed);
    do {
        if (before >= active_rules.times) return 0;
    } while (!failed.compare_exchange_weak(before, before + 1, std::memory_order_relaxed));
    return before + 1;
}

void log_failure(uint64_t number, const kmem_cache* cache, const call& how, uint32_t stack) {
    report_right right;
    if (!right) return;
    operation_text out;
    out->put("kslab: injected failure ").dec(number).put(": ");
    put_call(*out.operator->(), how).put(" from ").put(cache_name_of(cache)).put(" in thread ").dec(this_thread_id()).put('\n');
    report_put_stack(*out.operator->(), stack_depot_get(stack), false, report_context_now());
}

void note_failure(uint64_t number, const kmem_cache* cache, const call& how) {
    uint32_t stack = (debug_flags & kDebugTrack) != 0 ? stack_depot_here() : 0;
    last_kind = how.kind;
    last_size = how.size;
    last_stack = stack;
    last_thread = this_thread_id();
    if (active_rules.log) log_failure(number, cache, how, stack);
}

}  // namespace

void inject_start(const inject_rules& rules) {
    active.store(false, std::memory_order_relaxed);
    active_rules = rules;
    asked.store(0, std::memory_order_relaxed);
    failed.store(0, std::memory_order_relaxed);
    forget_callers();
    active.store(true, std::memory_order_release);
}

void inject_stop() { active.store(false, std::memory_order_relaxed); }

void inject_continue() { active.store(true, std::memory_order_release); }

void inject_boot() {
    const char* value = active_options.fail.text;
    if (*value == '\0') return;
    static constinit inject_rules rules{};
    size_t at;
    const char* wrong = inject_rules_parse(rules, value, at);
    if (wrong == nullptr) {
        for (unsigned i = 0; i < rules.caches.count; i++)
            cache_name_check("KSLAB_FAIL", rules.text + rules.caches.list[i].begin, rules.caches.list[i].length, kmalloc_caches.classes);
        return inject_start(rules);
    }
    report_line out;
    put_excerpt(out->put("KSLAB_FAIL="), value).put(" is ignored: ").put(wrong).put(" (character ").dec(at + 1);
    if (value[at] != '\0') put_excerpt(out->put(", '"), value + at, 1).put('\'');
    out->put(')');
}

bool inject_active() { return active.load(std::memory_order_relaxed); }

bool inject_needs_stacks() { return inject_active() && active_rules.callers.count != 0; }

bool inject_should_fail(const kmem_cache* cache, const call& how) {
    if (!active.load(std::memory_order_acquire) || !qualifies(cache, how)) return false;
    if (!is_chosen(asked.fetch_add(1, std::memory_order_relaxed) + 1)) return false;
    uint64_t number = take_failure();
    if (number == 0) return false;
    note_failure(number, cache, how);
    return true;
}

inject_stats inject_read_stats() {
    return {asked.load(std::memory_order_relaxed), failed.load(std::memory_order_relaxed)};
}

bool inject_last_failure(injected_failure& out) {
    if (failed.load(std::memory_order_relaxed) == 0) return false;
    out.how = call{};
    out.how.kind = last_kind;
    out.how.size = last_size;
    out.stack = last_stack;
    out.thread = last_thread;
    return true;
}

}  // namespace kslab
