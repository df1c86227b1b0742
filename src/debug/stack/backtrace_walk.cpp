#include "debug/stack/backtrace_walk.h"

#include <errno.h>
#include <ucontext.h>

#include "base/bits.h"
#include "debug/stack/backtrace_context.h"
#include "debug/stack/backtrace_libunwind.h"
#include "debug/stack/backtrace_rules.h"
#include "os/syscall.h"

namespace kslab {

namespace {

constexpr uintptr_t kWord = sizeof(uintptr_t);

// The system reads the new mask, and then refuses because it is told neither to block nor to unblock: EFAULT or
// EINVAL. No other call tells so cheaply, and every sandbox lets it pass. Asked for the last word: a null pointer would
// be no mask.
bool page_is_readable(uintptr_t page) {
    long last_word = static_cast<long>(page + kPageSize - kWord);
    return raw_syscall(SYS_rt_sigprocmask, -1, last_word, 0, kWord) != -EFAULT;
}

// Stacks are no larger between two frames than this; a rule that says so is wrong.
constexpr uintptr_t kWidestFrame = uintptr_t{4} << 20;

}  // namespace

void readable_range::enter_slow(uintptr_t sp) {
    constexpr uintptr_t kNear = 16 * kPageSize;
    uintptr_t page = align_down(sp, kPageSize);
    if (page < low_ && low_ - page <= kNear) {
        while (low_ > page && page_is_readable(low_ - kPageSize)) low_ -= kPageSize;
        if (low_ == page) return;
    }
    low_ = page;
    high_ = page_is_readable(page) ? page + kPageSize : page;
}

bool readable_range::grow_to(uintptr_t address) {
    if (address < low_ || address - low_ > kWidestFrame + (high_ - low_)) return false;
    while (address >= high_) {
        if (!page_is_readable(high_)) return false;
        high_ += kPageSize;
    }
    return true;
}

namespace {

// Copied in and out of its dearer steps, so that what the cheap ones need stays in registers.
struct walker {
    stack_position at;
    slot_log log;
    bool exact;                  // at.ip is an instruction, not what follows a call
    const machine_registers* origin;
    bool guessed = false;        // a frame pointer was followed
    bool helped = false;         // by libunwind
    bool bp_in_register = true;  // as at the beginning
    uintptr_t bp_read_at = 0;    // where at.bp was read, unless the log has it already

    // To the caller. False: there is none, or it cannot be found.
    bool step(readable_range& range);

private:
    bool read(readable_range& range, uintptr_t address, uintptr_t& word) {
        if (!range.read(address, word)) return false;
        log.add(address, word);
        return true;
    }
    void note_use_of_bp();
    // No rule that needs it can be followed then.
    void forget_bp() {
        at.bp = 0;
        bp_in_register = false;
        bp_read_at = 0;
    }
    bool bp_is_lost() const { return at.bp == 0 && !bp_in_register; }
    bool to_caller(readable_range& range, uintptr_t cfa, packed_rule rule);
    bool step_rare(readable_range& range, packed_rule rule);
    bool ask_libunwind(readable_range& range);
    bool realigned(readable_range& range, packed_rule rule);
    bool to_interrupted(readable_range& range);
    bool guess(readable_range& range);
    bool along_frame_pointer(readable_range& range);
};

// From here on the outcome depends on bp, wherever it came from.
inline void walker::note_use_of_bp() {
    if (bp_in_register)
        log.needs_bp = true;
    else if (bp_read_at != 0)
        log.add(bp_read_at, at.bp);
    bp_read_at = 0;
}

inline bool walker::to_caller(readable_range& range, uintptr_t cfa, packed_rule rule) {
    uintptr_t ip;
    if (KSLAB_UNLIKELY(cfa <= at.sp) || !read(range, cfa - kWord, ip)) return false;
    // A place below sp: an epilogue has taken the caller's bp from there already.
    uintptr_t address = cfa - rule.bp_bytes();
    if (rule.bp() != 0 && address >= at.sp) {
        if (!range.read(address, at.bp)) return false;
        bp_in_register = false;
        bp_read_at = address;
    }
    if (KSLAB_UNLIKELY(rule.bp() == kBpLost)) forget_bp();
    at.sp = cfa;
    at.ip = ip;
    exact = false;
    return true;
}

inline bool walker::step(readable_range& range) {
    packed_rule rule = rule_for(at.ip - (exact ? 0 : 1));
    if (KSLAB_LIKELY(rule.kind() == unwind_kind::from_sp)) return to_caller(range, at.sp + rule.cfa_bytes(), rule);
    if (KSLAB_LIKELY(rule.kind() == unwind_kind::from_bp)) {
        note_use_of_bp();
        if (KSLAB_LIKELY(to_caller(range, at.bp + rule.cfa_bytes(), rule))) return true;
        if (!bp_is_lost()) return false;
    }
    if (rule.kind() == unwind_kind::end) return false;
    walker copy = *this;
    bool found = copy.step_rare(range, rule);
    *this = copy;
    return found;
}

KSLAB_NOINLINE bool walker::step_rare(readable_range& range, packed_rule rule) {
    if (rule.kind() == unwind_kind::realigned) return realigned(range, rule);
    if (rule.kind() == unwind_kind::signal) return to_interrupted(range);
    bool needs_lost_bp = rule.kind() == unwind_kind::from_bp;
    if ((needs_lost_bp || rule.kind() == unwind_kind::complex) && ask_libunwind(range)) return at.ip != 0;
    return !needs_lost_bp && guess(range);
}

// True when it knew; then at.ip is 0 if nobody called this.
bool walker::ask_libunwind(readable_range& range) {
    libunwind_frame frame{at, exact, !bp_is_lost()};
    libunwind_answer answer = libunwind_step(frame, origin, range, log);
    if (answer == libunwind_answer::none) return false;
    if (frame.asked_bp) note_use_of_bp();
    helped = true;
    exact = false;
    bp_in_register = false;
    bp_read_at = 0;
    at = frame.at;
    if (answer == libunwind_answer::end) at.ip = 0;
    if (!frame.bp_known) forget_bp();
    return true;
}

bool walker::realigned(readable_range& range, packed_rule rule) {
    note_use_of_bp();
    uintptr_t cfa;
    uintptr_t frame = at.bp;
    if (frame < at.sp || !read(range, frame - rule.cfa_bytes(), cfa) || !read(range, frame, at.bp)) return false;
    bp_in_register = false;
    return to_caller(range, cfa, packed_rule(0, {unwind_kind::from_sp, 0, 0}));
}

// The handler may run on another stack than what it interrupted. Such a walk is not remembered.
bool walker::to_interrupted(readable_range& range) {
    constexpr uintptr_t kRegisters = align_down(sizeof(ucontext_t) / 2, kWord);
    uintptr_t word;
    if (!range.read(at.sp, word) || !range.read(at.sp + kRegisters, word)) return false;
    at = position_of_context(reinterpret_cast<const ucontext_t*>(at.sp));
    range.enter(at.sp);
    log.give_up();
    bp_in_register = false;
    bp_read_at = 0;
    exact = true;
    return true;
}

// Code without tables. An instruction that is none at all was called through a bad pointer: its caller's address is on
// top of the stack. Otherwise it may keep frame pointers.
bool walker::guess(readable_range& range) {
    uintptr_t caller;
    if (exact && range.read(at.sp, caller) && rule_for(caller - 1).kind() != unwind_kind::unknown) {
        at.ip = caller;
        at.sp += kWord;
        exact = false;
        return true;
    }
    return along_frame_pointer(range);
}

bool walker::along_frame_pointer(readable_range& range) {
    note_use_of_bp();
    uintptr_t bp;
    uintptr_t ip;
    uintptr_t frame = at.bp;
    if (frame < at.sp || !read(range, frame, bp) || !read(range, frame + kWord, ip)) return false;
    constexpr uintptr_t kLowestCode = 1 << 16;
    if (ip < kLowestCode || ip >> kAddressBits != 0) return false;
    at = {ip, frame + 2 * kWord, bp};
    bp_in_register = false;
    guessed = true;
    exact = false;
    return true;
}

}  // namespace

void backtrace_walk(stack_trace& out, unsigned depth, stack_position at, first_frame first, readable_range& range,
                    slot_log* log, const machine_registers* origin) {
    walker w{at, log != nullptr ? *log : slot_log{}, first == first_frame::at_instruction, origin};
    readable_range known = range;
    unsigned count = out.count;
    bool more = count < depth;
    while (more) {
        out.frame[count++] = w.at.ip;
        more = count < depth && w.step(known) && w.at.ip != 0;
    }
    range = known;
    if (log != nullptr) *log = w.log;
    out.count = count;
    out.source = count == 0  ? stack_source::none
                 : w.guessed ? stack_source::frame_pointers
                 : w.helped  ? stack_source::libunwind
                             : stack_source::unwind_tables;
}

}  // namespace kslab
