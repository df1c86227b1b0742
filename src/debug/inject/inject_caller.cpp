// Who asked for an allocation that may fail: modules by /proc/self/maps, functions by the dynamic symbol tables in
// memory. The loader's locks are not taken.
#include "debug/stack/backtrace.h"
#include "debug/report/finding.h"
#include "debug/inject/inject.h"
#include "debug/inject/inject_rules.h"
#include "debug/stack/modules.h"
#include "debug/report/report.h"
#include "os/module_function.h"

namespace kslab {

namespace {

enum verdict_bits : uint64_t { kInModule = 1, kInFunction = 2 };

// Return address and verdict in one word, found by the address: a collision costs a new look.
constexpr size_t kVerdicts = 1024;
constexpr unsigned kVerdictBits = 2;
KSLAB_APART relaxed<uint64_t> verdicts[kVerdicts];

relaxed<uint64_t>& verdict_entry(uintptr_t address) { return verdicts[(address >> 2) * 0x9e3779b97f4a7c15u >> 54]; }
static_assert(kVerdicts == 1u << (64 - 54));

const char* last_component(const char* path) {
    const char* last = path;
    for (; *path != '\0'; path++)
        if (*path == '/') last = path + 1;
    return last;
}

// The name ends at a comma or with the text: it is copied for symbol tables.
bool in_function(const inject_rules& rules, const inject_rules::name& wanted, uintptr_t address, uintptr_t base) {
    char name[256];
    if (wanted.length >= sizeof name) return false;
    __builtin_memcpy(name, rules.text + wanted.begin, wanted.length);
    name[wanted.length] = '\0';
    return address_in_function(address, base, name);
}

uint64_t judge(const inject_rules& rules, uintptr_t return_address) {
    uintptr_t address = return_address - 1;  // of the call
    report_right right;
    if (!right) return 0;
    module_place where = module_of(address);
    if (where.path == nullptr) return 0;
    uint64_t bits = 0;
    if (matches_any(rules, rules.callers, last_component(where.path))) bits |= kInModule;
    for (unsigned i = 0; i < rules.callers.count; i++)
        if (in_function(rules, rules.callers.list[i], address, address - where.offset)) bits |= kInFunction;
    return bits;
}

uint64_t verdict_of(const inject_rules& rules, uintptr_t return_address) {
    relaxed<uint64_t>& entry = verdict_entry(return_address);
    uint64_t known = entry;
    if (known >> kVerdictBits == return_address) return known & (kInModule | kInFunction);
    uint64_t bits = judge(rules, return_address);
    entry = return_address << kVerdictBits | bits;
    return bits;
}

}  // namespace

bool called_by(const inject_rules& rules) {
    stack_trace stack;
    backtrace_capture(stack, track_depth);
    for (unsigned i = 0; i < stack.count; i++) {
        uint64_t bits = verdict_of(rules, stack.frame[i]);
        if ((bits & kInFunction) != 0 || (i == 0 && (bits & kInModule) != 0)) return true;
    }
    return false;
}

void forget_callers() {
    for (relaxed<uint64_t>& entry : verdicts) entry = 0;
}

}  // namespace kslab
