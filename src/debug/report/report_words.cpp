// Numbers, times and names as reports say them, and what is known of a finding at all: where a fact is missing, its
// words are left out.
#include "cache/kmem_cache.h"
#include "debug/object/objects.h"
#include "debug/report/report.h"
#include "os/clock.h"
#include "os/environment.h"
#include "os/syscall.h"

namespace kslab {

report_context report_context_now() {
    report_context context;
    context.program = start_block().program;
    context.process = raw_syscall(SYS_getpid);
    context.has_clock = clock_read(context.now);
    context.epoch = process_epoch;
    context.module_of = module_of;
    context.stack_of = stack_depot_get;
    return context;
}

const char* finding_cache(const finding& f) {
    if (!strings_equal(f.cache_name, "?")) return f.cache_name;
    if (!f.has_object) return kNoCache;
    if (f.where.cache != nullptr) return f.where.cache->name;
    return f.where.in_run != nullptr ? "kmalloc-large" : kNoCache;
}

bool finding_is_leak(const finding& f) {
    return f.what == defect::leak || f.what == defect::leak_possible;
}

bool finding_object_freed(const finding& f) {
    if (!f.has_object) return false;
    object_state state = f.record.state;
    return state == object_state::quarantined || state == object_state::free;
}

bool known_track(const track& t, call_kind kind) { return t.stack != 0 || t.thread != 0 || kind != call_kind::none; }

bool track_age(const track& t, const report_context& context, uint64_t& age) {
    if (!context.has_clock || t.when == 0) return false;
    // Tracks keep 32 bits of the clock.
    age = static_cast<uint32_t>(static_cast<uint32_t>(context.now) - t.when);
    return true;
}

void put_age(text& out, uint64_t milliseconds) {
    constexpr uint64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
    if (milliseconds < kSecond / 10)
        out.dec(milliseconds).put(" ms");
    else if (milliseconds < 2 * kMinute)
        out.dec(milliseconds / kSecond).put('.').dec(milliseconds % kSecond / 100).put(" s");
    else if (milliseconds < 2 * kHour)
        out.dec(milliseconds / kMinute).put(" min");
    else
        out.dec(milliseconds / kHour).put(" h");
    out.put(" ago");
}

void put_count(text& out, uint64_t n, const char* singular) {
    out.dec(n).put(' ').put(singular);
    if (n != 1) out.put('s');
}

void put_call(text& out, call_kind kind) {
    for (const char* c = call_name(kind); *c != '\0' && *c != '('; c++) out.put(*c);
}

void put_found_by(text& out, const finding& f) {
    for (unsigned i = 1; i <= static_cast<unsigned>(call_kind::usable_size); i++) {
        call_kind kind = static_cast<call_kind>(i);
        if (!strings_equal(f.found_by, call_name(kind))) continue;
        put_call(out, kind);
        out.put("()");
        return;
    }
    out.put(f.found_by);
}

void put_name(text& out, const char* name) {
    for (; *name != '\0'; name++) out.put(static_cast<unsigned char>(*name) < ' ' || *name == 127 ? '?' : *name);
}

}  // namespace kslab
