// A finding as one line of JSON, with the facts of the text report. Addresses are strings ("0x…"): numbers of JSON
// do not hold 64 bits. What is not known is left out.
#include "base/format.h"
#include "check/debug_table.h"
#include "debug/report/report.h"
#include "slab/slab.h"

namespace kslab {

namespace {

// The bytes of the UTF-8 sequence at `s`; 0 when it is none.
unsigned sequence_length(const unsigned char* s) {
    unsigned length = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                    : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    for (unsigned i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (length == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))) return 0;
    if (length == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))) return 0;
    return length;
}

// An object or array: puts the commas.
class json {
public:
    json(text& out, char open) : out_(out), close_(open == '{' ? '}' : ']') { out_.put(open); }
    ~json() { out_.put(close_); }
    json(const json&) = delete;
    json& operator=(const json&) = delete;

    text& item() {
        if (!first_) out_.put(',');
        first_ = false;
        return out_;
    }
    text& key(const char* name) { return item().put('"').put(name).put("\":"); }
    void string(const char* name, const char* value) {
        key(name);
        json_put_string(out_, value);
    }
    void number(const char* name, uint64_t value) { key(name).dec(value); }
    void address(const char* name, uintptr_t value) { key(name).put("\"0x").hex(value).put('"'); }
    void byte(const char* name, unsigned char value) {
        key(name).put(value < 16 ? "\"0x0" : "\"0x").hex(value).put('"');
    }

private:
    text& out_;
    char close_;
    bool first_ = true;
};

const char* source_name(stack_source source) {
    switch (source) {
        case stack_source::none: return "none";
        case stack_source::frame_pointers: return "frame-pointers";
        case stack_source::unwind_tables: return "unwind-tables";
        case stack_source::libunwind: return "libunwind";
    }
    return "none";
}

void put_frame(text& out, uintptr_t address, bool exact, const report_context& context) {
    json frame(out, '{');
    module_place where{};
    if (context.module_of != nullptr) where = context.module_of(address);
    if (where.path == nullptr) {
        frame.address("address", address);
    } else {
        frame.string("module", where.path);
        frame.address("offset", where.offset);
        if (where.build_id_length != 0) {
            frame.key("build_id").put('"');
            for (unsigned i = 0; i < where.build_id_length && i < kMaxBuildId; i++)
                out.put(where.build_id[i] < 16 ? "0" : "").hex(where.build_id[i]);
            out.put('"');
        }
    }
    if (exact) frame.key("exact").put("true");
}

// Members of the object that has the stack.
void put_stack(text& out, json& in, const stack_view& stack, bool exact, const report_context& context) {
    if (stack.count == 0) return;
    in.string("stack_source", source_name(stack.source));
    in.key("stack");
    json frames(out, '[');
    for (unsigned i = 0; i < stack.count && out.length() < kReportStacks; i++) {
        frames.item();
        put_frame(out, stack.frame[i], exact && i == 0, context);
    }
}

void put_track(text& out, json& in, const char* name, const track& t, call_kind kind, const report_context& context) {
    if (!known_track(t, kind)) return;
    in.key(name);
    json object(out, '{');
    if (kind != call_kind::none) object.string("call", call_name(kind));
    if (t.thread != 0) object.number("thread", t.thread);
    uint64_t age;
    if (track_age(t, context, age)) object.number("age_ms", age);
    if (t.stack != 0 && context.stack_of != nullptr) put_stack(out, object, context.stack_of(t.stack), false, context);
}

const char* state_name(object_state state) {
    switch (state) {
        case object_state::fresh: return "fresh";
        case object_state::live: return "live";
        case object_state::quarantined: return "quarantined";
        case object_state::free: return "free";
    }
    return "?";
}

void put_object(text& out, json& in, const finding& f, const report_context& context) {
    in.key("object");
    json object(out, '{');
    object.address("address", reinterpret_cast<uintptr_t>(f.where.object()));
    object.number("requested", f.record.requested);
    object.string("state", state_name(f.record.state));
    if (f.record.align_shift != 0) object.number("align", uint64_t{1} << f.record.align_shift);
    if (f.where.in_slab != nullptr) object.address("slab", reinterpret_cast<uintptr_t>(f.where.in_slab));
    if (f.record.epoch != context.epoch) object.key("before_fork").put("true");
    if (f.where.guarded) object.key("guarded").put("true");
}

// How far the address is from which end of the object; inside: from the start.
void put_distance(text& out, json& in, const finding& f) {
    const void* address = f.bytes ? f.bytes.first : f.address;
    if (!f.has_object || address == nullptr || finding_is_leak(f)) return;
    uintptr_t at = reinterpret_cast<uintptr_t>(address), start = reinterpret_cast<uintptr_t>(f.where.object());
    uintptr_t end = start + f.record.requested;
    in.key("distance");
    json distance(out, '{');
    distance.string("from", at < start ? "before-start" : at < end ? "start" : "end");
    distance.number("bytes", at < start ? start - at : at < end ? at - start : at - end);
}

void put_damage(text& out, json& in, const finding& f) {
    if (!f.bytes) return;
    uintptr_t first = reinterpret_cast<uintptr_t>(f.bytes.first);
    in.key("damage");
    json damage(out, '{');
    damage.address("first", first);
    damage.address("last", reinterpret_cast<uintptr_t>(f.bytes.last));
    if (first >= f.dump_start && first - f.dump_start < f.dump_length)
        damage.byte("found", f.dump[first - f.dump_start]);
    damage.byte("expected", f.bytes.expected);
}

void put_bytes(text& out, json& in, const finding& f) {
    if (f.dump_length == 0 || f.dump_length > finding::kDumpBytes) return;
    in.key("dump");
    json dump(out, '{');
    dump.address("address", f.dump_start);
    dump.key("bytes").put('"');
    for (size_t i = 0; i < f.dump_length; i++) out.put(f.dump[i] < 16 ? "0" : "").hex(f.dump[i]);
    out.put('"');
}

void put_leak(text& out, json& in, const finding& f) {
    if (!finding_is_leak(f)) return;
    in.key("leak");
    json leak(out, '{');
    leak.number("objects", f.count);
    leak.number("bytes", f.total_bytes);
    leak.number("indirect_objects", f.indirect_count);
    leak.number("indirect_bytes", f.indirect_bytes);
}

void put_message(text& out, json& in, const finding& f, const report_context& context) {
    char buffer[512];
    text sentence(buffer, sizeof buffer - 1);
    report_put_sentence(sentence, f, context);
    buffer[sentence.length()] = '\0';
    in.key("message");
    json_put_string(out, buffer);
}

void put_finder(text& out, json& in, const finding& f) {
    char buffer[128];
    text finder(buffer, sizeof buffer - 1);
    put_found_by(finder, f);
    buffer[finder.length()] = '\0';
    in.key("found_by");
    json_put_string(out, buffer);
}

void put_kind(text& out, json& in, const kind_tally& counts, defect what) {
    in.item();
    json kind(out, '{');
    kind.string("kind", defect_json_name(what));
    kind.number("findings", counts.findings);
    kind.number("repeated", counts.repeated);
}

void put_leak_totals(text& out, json& in) {
    in.key("leaks");
    json leaks(out, '{');
    leaks.number("objects", tally.leaked_objects);
    leaks.number("bytes", tally.leaked_bytes);
    leaks.number("indirect_objects", tally.indirect_objects);
    leaks.number("indirect_bytes", tally.indirect_bytes);
    leaks.number("possible_objects", tally.possible_objects);
    leaks.number("possible_bytes", tally.possible_bytes);
}

}  // namespace

void json_put_string(text& out, const char* s) {
    constexpr size_t kMost = 4096;
    const unsigned char* at = reinterpret_cast<const unsigned char*>(s);
    const unsigned char* end = at + kMost;
    out.put('"');
    while (*at != '\0' && at < end) {
        unsigned length = sequence_length(at);
        if (length == 0) {
            out.put("\\ufffd");
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            out.put('\\').put(static_cast<char>(*at));
        } else if (*at < ' ' || *at == 127) {
            out.put(*at < 16 ? "\\u000" : "\\u00").hex(*at);
        } else {
            out.put(reinterpret_cast<const char*>(at), length);
        }
        at += length;
    }
    out.put('"');
}

void report_put_json(text& out, const finding& f, const report_context& context) {
    {
        json line(out, '{');
        line.string("kind", defect_json_name(f.what));
        line.string("title", defect_title(f.what));
        line.string("cache", finding_cache(f));
        line.string("program", context.program);
        line.number("pid", static_cast<uint64_t>(context.process));
        if (f.thread != 0) line.number("thread", f.thread);
        put_message(out, line, f, context);
        if (f.detail != nullptr) line.string("detail", f.detail);
        if (f.found_by[0] != '\0') put_finder(out, line, f);
        if (f.how.kind != call_kind::none) line.string("call", call_name(f.how.kind));
        if (f.address != nullptr && !finding_is_leak(f))
            line.address("address", reinterpret_cast<uintptr_t>(f.address));
        put_distance(out, line, f);
        put_damage(out, line, f);
        put_leak(out, line, f);
        put_stack(out, line, {f.stack.frame, f.stack.count, f.stack.source}, f.stack.exact, context);
        if (f.has_object) {
            put_object(out, line, f, context);
            put_track(out, line, "allocated", f.record.allocated, f.record.allocated_by, context);
            if (finding_object_freed(f)) put_track(out, line, "freed", f.record.freed, f.record.freed_by, context);
        }
        put_bytes(out, line, f);
        if (f.fixed != nullptr) line.string("fix", f.fixed);
    }
    out.put('\n');
}

void report_put_summary_json(text& out, const report_context& context, const report_extras& extras) {
    {
        json line(out, '{');
        line.key("summary");
        json summary(out, '{');
        summary.string("program", context.program);
        summary.number("pid", static_cast<uint64_t>(context.process));
        summary.number("errors", tally.errors);
        summary.number("findings", tally.findings);
        summary.number("repeated", tally.repeated);
        summary.number("not_printed", tally.not_printed);
        summary.key("kinds");
        {
            json kinds(out, '[');
            for (unsigned i = 0; i < static_cast<unsigned>(defect::count_); i++)
                if (tally.kind[i].findings != 0) put_kind(out, kinds, tally.kind[i], static_cast<defect>(i));
        }
        put_leak_totals(out, summary);
        summary.number("checked_objects", extras.checked_objects);
        summary.number("checked_bytes", extras.checked_bytes);
        summary.number("guard_refused", extras.guard_refused);
        summary.number("inject_asked", extras.inject_asked);
        summary.number("inject_failed", extras.inject_failed);
        summary.number("stacks", extras.stacks);
        summary.number("stack_bytes", extras.stack_bytes);
    }
    out.put('\n');
}

}  // namespace kslab
