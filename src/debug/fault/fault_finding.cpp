#include "debug/fault/fault_finding.h"

#include "debug/inject/inject.h"

#include "base/format.h"
#include "cache/kmem_cache.h"
#include "debug/fault/fault_context.h"
#include "debug/guard/guard.h"
#include "debug/guard/guard_pages.h"
#include "debug/object/objects.h"

namespace kslab {

namespace {

constexpr size_t kNear = 4096;
constexpr unsigned kFaultDepth = 32;

bool within(uintptr_t value, uintptr_t pattern) { return value - pattern + kNear <= 2 * kNear; }

// Part of a report, of which one is made at a time (fault_signal.cpp).
char words[160];

void set_object(finding& f, const place& p) {
    finding_set_object(f, p);
    f.cache_name = p.cache != nullptr ? p.cache->name : "kmalloc-large";
}

// Behind an object's guard page begins the next run; before one that begins at its guard page ends another.
bool neighbour_of(const place& p, place& other) {
    const run* r = p.in_run;
    uintptr_t where = r->guard == run_guard::before ? r->start - 1 : r->end();
    if (!find_place(reinterpret_cast<void*>(where), other)) return false;
    return other.guarded && other.in_run->guard == r->guard && other.record->state == object_state::live;
}

}  // namespace

bool is_poison_32(uintptr_t value, unsigned char& byte) {
    // As it is, or with the sign of 32 bits.
    if (value >> 32 != 0 && value >> 31 != 0x1ffffffff) return false;
    for (unsigned char candidate : {kPoisonFree, kPoisonInUse, kRedzoneActive, kRedzoneInactive}) {
        byte = candidate;
        if (within(value & 0xffffffff, candidate * 0x01010101u)) return true;
    }
    return false;
}

bool is_poison(uintptr_t value, unsigned char& byte) {
    for (unsigned char candidate : {kPoisonFree, kPoisonInUse, kRedzoneActive, kRedzoneInactive}) {
        byte = candidate;
        if (within(value, candidate * 0x0101010101010101u)) return true;
    }
    // The last eight bytes of a freed object.
    byte = kPoisonFree;
    return within(value, (uintptr_t{kPoisonEnd} << 56) | (kPoisonFree * 0x0101010101010101u >> 8));
}

defect judge_guarded(const void* address, bool write, place& p) {
    const char* at = static_cast<const char*>(address);
    bool before = p.in_run->guard == run_guard::before;
    place other;
    bool inside = at >= p.begin && at < p.end();
    if (!inside && neighbour_of(p, other)) {
        size_t own = static_cast<size_t>(before ? p.object() - at : at - p.object_end());
        size_t others = static_cast<size_t>(before ? at - other.object_end() : other.object() - at);
        if (others < own) {
            p = other;
            before = !before;
        }
    }
    if (is_hidden(p.in_run)) return write ? defect::write_freed : defect::read_freed;
    if (before) return write ? defect::write_before : defect::read_before;
    return write ? defect::write_past_end : defect::read_past_end;
}

namespace {

bool judge_guard_page(finding& f, const void* address, bool write) {
    place p;
    if (!guard_covers(address, p)) return false;
    f.what = judge_guarded(address, write, p);
    f.address = address;
    set_object(f, p);
    if (is_hidden(p.in_run)) return true;
    const char* edge = address < p.object() ? p.object() : p.object_end() - 1;
    finding_take_dump(f, edge, edge);
    return true;
}

// ---- Poison.

// A pointer and an index of eight bytes: of what was added the upper 16 bits are 0.
bool is_poison_sum(uintptr_t value, unsigned char& byte) {
    byte = static_cast<unsigned char>(value >> 56);
    if (value >> 48 != byte * 0x0101u) return false;
    return byte == kPoisonFree || byte == kPoisonInUse || byte == kRedzoneActive || byte == kRedzoneInactive;
}

struct poisoned_value {
    uintptr_t value;
    unsigned char byte;
    const char* name;
};

bool check_value(uintptr_t value, const char* name, bool narrow, poisoned_value& out) {
    out.value = value;
    out.name = name;
    return is_poison(value, out.byte) || (narrow && (is_poison_32(value, out.byte) || is_poison_sum(value, out.byte)));
}

// What the instruction made its address of.
bool poison_in_operand(const fault_registers& registers, const memory_operand& operand, poisoned_value& out) {
    uintptr_t address = static_cast<uintptr_t>(operand.displacement);
    for (int number : {operand.base, operand.index}) {
        if (number < 0) continue;
        unsigned which = static_cast<unsigned>(number);
        if (check_value(registers.value[which], register_name(which), true, out)) return true;
        address += registers.value[which] * (number == operand.index ? operand.scale : 1);
    }
    uintptr_t target;
    if (!operand.loads_target || read_carefully(&target, address, sizeof target) != sizeof target) return false;
    return check_value(target, "the address to go to", true, out);
}

bool find_poison(const fault_registers& registers, const siginfo_t* info, poisoned_value& out) {
    if (check_value(registers.pc, "the address of the instruction", true, out)) return true;
    unsigned char code[15];
    size_t length = read_carefully(code, registers.pc, sizeof code);
    memory_operand operand;
    if (length > 0 && decode_operand(code, length, operand)) return poison_in_operand(registers, operand, out);
    uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
    if (info->si_code != SI_KERNEL && check_value(address, "the address", true, out)) return true;
    for (unsigned i = 0; i < registers.count; i++)
        if (check_value(registers.value[i], register_name(i), false, out)) return true;
    return false;
}

// Whether a live object holds bytes that such a value could have been read from.
bool holds(const place& p, unsigned char byte) {
    constexpr size_t kEnough = 4;
    unsigned char bytes[256];
    size_t left = p.record->requested < kNear ? p.record->requested : kNear;
    size_t alike = 0;
    for (const char* at = p.object(); left > 0;) {
        size_t got = read_carefully(bytes, reinterpret_cast<uintptr_t>(at), left < sizeof bytes ? left : sizeof bytes);
        if (got == 0) return false;
        for (size_t i = 0; i < got; i++) {
            alike = bytes[i] == byte ? alike + 1 : 0;
            if (alike == kEnough) return true;
        }
        at += got;
        left -= got;
    }
    return false;
}

// The object that a register points into, in the state in which it holds such bytes.
bool object_with(const fault_registers& registers, unsigned char byte, place& p) {
    for (unsigned i = 0; i < registers.count; i++) {
        const char* at = reinterpret_cast<const char*>(registers.value[i]);
        if (!find_place(at, p) || at < p.begin || at >= p.end()) continue;
        object_state state = p.record->state;
        bool live = state == object_state::live;
        if (byte == kPoisonFree && !live && state != object_state::fresh) return true;
        if (byte == kPoisonInUse && live && holds(p, byte)) return true;
        if (byte != kPoisonFree && byte != kPoisonInUse && live) return true;
    }
    return false;
}

const char* origin_of(unsigned char byte) {
    switch (byte) {
        case kPoisonFree: return "was read from freed memory (poison 0x6b)";
        case kPoisonInUse: return "was read from memory that nobody had written since malloc (poison 0x5a)";
        case kRedzoneActive: return "was read from outside of an object (redzone 0xcc)";
        default: return "was read from outside of a freed object (redzone 0xbb)";
    }
}

bool judge_poison(finding& f, const siginfo_t* info, const void* context) {
    fault_registers registers;
    read_registers(registers, context);
    poisoned_value poisoned;
    if (!find_poison(registers, info, poisoned)) return false;
    f.what = defect::poison_pointer;
    f.address = reinterpret_cast<const void*>(poisoned.value);
    text out(words, sizeof words - 1);
    out.put(poisoned.name).put(" = ").ptr(f.address).put(' ').put(origin_of(poisoned.byte));
    words[out.length()] = '\0';
    f.detail = words;
    place p;
    if (object_with(registers, poisoned.byte, p)) set_object(f, p);
    return true;
}

// Nothing is mapped at the address, but an object ends or begins close to it.
bool judge_near(finding& f, const void* address, bool write) {
    place p;
    if (!nearest_place(address, kNear, p)) return false;
    const char* at = static_cast<const char*>(address);
    if (at >= p.begin && at < p.end()) return false;
    object_state state = p.record->state;
    bool before = at < p.begin;
    if (state == object_state::live) {
        f.what = before ? (write ? defect::write_before : defect::read_before)
                        : (write ? defect::write_past_end : defect::read_past_end);
    } else if (state == object_state::quarantined) {
        f.what = write ? defect::write_freed : defect::read_freed;
    } else {
        return false;
    }
    f.address = address;
    set_object(f, p);
    return true;
}

// Nothing else explains the fault, and an allocation of this thread failed on purpose before it.
bool judge_injected(finding& f) {
    injected_failure last;
    if (!inject_last_failure(last) || last.thread != this_thread_id()) return false;
    f.what = defect::injected;
    f.how = last.how;
    return true;
}

}  // namespace

bool judge_fault(finding& f, const siginfo_t* info, const void* context, bool guarded_only) {
    bool addressed = info->si_code != SI_KERNEL;
    bool write = access_of(context) == fault_access::write;
    bool found = (addressed && judge_guard_page(f, info->si_addr, write)) ||
                 (!guarded_only && (judge_poison(f, info, context) ||
                                    (addressed && judge_near(f, info->si_addr, write)) || judge_injected(f)));
    if (!found) return false;
    f.found_by = info->si_signo == SIGBUS ? "a fault (SIGBUS)" : "a fault (SIGSEGV)";
    f.thread = this_thread_id();
    backtrace_from_context(f.stack, kFaultDepth, context);
    return true;
}

}  // namespace kslab
