// A finding as text, in the layout that readers of SLUB's reports know, opened by a sentence for everybody.
#include "check/debug_table.h"
#include "debug/report/report.h"
#include "slab/slab.h"
#include "pages/run.h"

namespace kslab {

namespace {

void put_rule(text& out, char c) {
    constexpr unsigned kColumns = 77;
    for (unsigned i = 0; i < kColumns; i++) out.put(c);
    out.put('\n');
}

void put_header(text& out, const finding& f, const report_context& context) {
    put_rule(out, '=');
    out.put("BUG ");
    put_name(out, finding_cache(f));
    out.put(" (");
    put_name(out, context.program);
    out.put(", pid ").dec(static_cast<uint64_t>(context.process)).put("): ").put(defect_title(f.what)).put('\n');
    put_rule(out, '-');
}

// ---- "  at 0x7f…068, found by free() in thread 4711", and the stack of the access or call.
void put_found(text& out, const finding& f, const report_context& context) {
    stack_view stack{f.stack.frame, f.stack.count, f.stack.source};
    if (f.address == nullptr && f.found_by[0] == '\0' && f.thread == 0 && stack.count == 0) return;
    const char* separator = "  ";
    if (f.address != nullptr && !finding_is_leak(f)) {
        out.put("  at ").ptr(f.address);
        separator = ", ";
    }
    if (f.found_by[0] != '\0') {
        out.put(separator).put("found by ");
        put_found_by(out, f);
        separator = " ";
    }
    if (f.thread != 0) out.put(separator).put("in thread ").dec(f.thread);
    // A check of the whole heap has no stack worth showing; a call has, and it is missing.
    if (stack.count != 0 || f.how.kind != call_kind::none) report_put_source(out, stack);
    out.put('\n');
    report_put_stack(out, stack, f.stack.exact, context);
}

// ---- "allocated by thread 4711, 2.3 s ago, with malloc(40):"

// The call as the source has it, as far as the record knows.
void put_allocation(text& out, const object_record& record) {
    call_kind kind = record.allocated_by;
    put_call(out, kind);
    switch (kind) {
        case call_kind::calloc:
        case call_kind::realloc:  // of how many elements, or of what, is not kept
            out.put(" (");
            put_count(out, record.requested, "byte");
            break;
        case call_kind::kmem_cache_alloc: out.put('('); break;
        case call_kind::memalign:
        case call_kind::aligned_alloc:
        case call_kind::posix_memalign:
            out.put('(');
            if (record.align_shift != 0) out.dec(uint64_t{1} << record.align_shift).put(", ");
            out.dec(record.requested);
            break;
        default:
            out.put('(').dec(record.requested);
            if (is_aligned_call(kind) && record.align_shift != 0)
                out.put(", align ").dec(uint64_t{1} << record.align_shift);
            break;
    }
    out.put(')');
}

void put_track(text& out, const track& t, const report_context& context) {
    const char* separator = " ";
    if (t.thread != 0) {
        out.put(" by thread ").dec(t.thread);
        separator = ", ";
    }
    uint64_t age;
    if (!track_age(t, context, age)) return;
    out.put(separator);
    put_age(out, age);
}

void put_track_stack(text& out, const track& t, const report_context& context) {
    stack_view stack{};
    if (t.stack != 0 && context.stack_of != nullptr) stack = context.stack_of(t.stack);
    report_put_source(out, stack);
    if (stack.count != 0) out.put(':');
    out.put('\n');
    report_put_stack(out, stack, false, context);
}

void put_tracks(text& out, const finding& f, const report_context& context) {
    const object_record& record = f.record;
    if (!f.has_object) return;
    if (known_track(record.allocated, record.allocated_by)) {
        out.put("allocated");
        if (finding_is_leak(f) && f.count > 1) out.put(" (the one at ").ptr(f.where.object()).put(')');
        put_track(out, record.allocated, context);
        if (record.epoch != context.epoch && record.allocated.thread != 0) out.put(", before the fork");
        if (record.allocated_by != call_kind::none) {
            out.put(record.allocated.thread != 0 || record.allocated.when != 0 ? ", with " : " with ");
            put_allocation(out, record);
        }
        put_track_stack(out, record.allocated, context);
    }
    if (!finding_object_freed(f) || !known_track(record.freed, record.freed_by)) return;
    out.put("freed");
    put_track(out, record.freed, context);
    if (record.freed_by != call_kind::none) {
        out.put(record.freed.thread != 0 || record.freed.when != 0 ? ", with " : " with ");
        put_call(out, record.freed_by);
        out.put("()");
    }
    put_track_stack(out, record.freed, context);
}

// ---- SLUB's part.

void put_hex_byte(text& out, unsigned char byte) { out.put(byte < 16 ? "0x0" : "0x").hex(byte); }

void put_first_byte(text& out, const finding& f) {
    if (!f.bytes) return;
    uintptr_t first = reinterpret_cast<uintptr_t>(f.bytes.first);
    if (first < f.dump_start || first - f.dump_start >= f.dump_length) return;
    out.ptr(f.bytes.first);
    if (f.bytes.last != f.bytes.first) out.put('-').ptr(f.bytes.last);
    out.put(": first byte ");
    put_hex_byte(out, f.dump[first - f.dump_start]);
    out.put(" instead of ");
    put_hex_byte(out, f.bytes.expected);
    out.put('\n');
}

// The slab is looked at without its lock, which whoever found this may hold: its counts may be a moment old.
__attribute__((no_sanitize("thread"))) void put_slab(text& out, const finding& f) {
    if (!f.has_object) return;
    const char* base = nullptr;
    if (const slab* s = f.where.in_slab) {
        out.put("Slab ").ptr(s).put(" objects=").dec(s->num).put(" used=").dec(s->inuse);
        base = s->s_mem;
    } else if (const run* r = f.where.in_run) {
        out.put("Run ").ptr(r->memory()).put(" pages=").dec(r->pages);
        base = static_cast<const char*>(r->memory());
    } else {
        return;
    }
    out.put(" cache ");
    put_name(out, finding_cache(f));
    out.put(", object ").ptr(f.where.object());
    if (f.where.object() >= base) out.put("@offset=").dec(static_cast<size_t>(f.where.object() - base));
    out.put(" requested ").dec(f.record.requested).put('\n');
}

}  // namespace

void report_put_text(text& out, const finding& f, const report_context& context) {
    put_header(out, f, context);
    report_put_sentence(out, f, context);
    out.put('\n');
    if (f.detail != nullptr) {
        out.put("  ");
        put_name(out, f.detail);
        out.put('\n');
    }
    put_found(out, f, context);
    put_tracks(out, f, context);
    put_first_byte(out, f);
    put_slab(out, f);
    report_put_dump(out, f);
    if (f.fixed != nullptr) {
        out.put("FIX");
        const char* cache = finding_cache(f);
        if (!strings_equal(cache, kNoCache)) put_name(out.put(' '), cache);
        out.put(": ").put(f.fixed).put('\n');
    }
    out.put('\n');
}

}  // namespace kslab
