// What the end of the process says when anything was found: a line that begins with `SUMMARY `, and indented lines.
// No line of it begins with `BUG `, so that counting these counts findings.
#include "debug/report/report.h"

namespace kslab {

namespace {

void put_kinds(text& out) {
    for (unsigned i = 0; i < static_cast<unsigned>(defect::count_); i++) {
        const kind_tally& kind = tally.kind[i];
        if (kind.findings == 0) continue;
        out.put("  ").dec(kind.findings, 6).put("  ").put(defect_title(static_cast<defect>(i)));
        if (kind.repeated != 0) {
            out.put(", repeated ");
            put_count(out, kind.repeated, "time");
        }
        out.put('\n');
    }
}

void put_leak_class(text& out, const char* label, size_t objects, size_t bytes) {
    if (objects == 0) return;
    out.put("  ").put(label);
    put_count(out, bytes, "byte");
    out.put(" in ");
    put_count(out, objects, "object");
    out.put('\n');
}

void put_extras(text& out, const report_extras& extras) {
    if (extras.checked_objects != 0) {
        out.put("  checked at exit: ");
        put_count(out, extras.checked_bytes, "byte");
        out.put(" of redzones and poison of ");
        put_count(out, extras.checked_objects, "object");
        out.put('\n');
    }
    if (extras.guard_refused != 0) {
        out.put("  not guarded: ");
        put_count(out, extras.guard_refused, "object");
        out.put(", which got redzones instead (KSLAB_GUARD_SITE, KSLAB_GUARD_MEMORY, or too many mappings)\n");
    }
    if (extras.inject_asked != 0) {
        out.put("  fault injection: ").dec(extras.inject_failed).put(" of ");
        put_count(out, extras.inject_asked, "allocation");
        out.put(" failed\n");
    }
    if (extras.stacks != 0) {
        out.put("  stacks kept: ").dec(extras.stacks).put(" in ");
        put_count(out, extras.stack_bytes, "byte");
        out.put('\n');
    }
}

}  // namespace

void report_put_summary(text& out, const report_context& context, const report_extras& extras) {
    out.put("SUMMARY (");
    put_name(out, context.program);
    out.put(", pid ").dec(static_cast<uint64_t>(context.process)).put("): ");
    put_count(out, tally.errors, "error");
    out.put(" and ");
    put_count(out, tally.findings - tally.errors, "leak");
    out.put('\n');
    put_kinds(out);
    put_leak_class(out, "leaked: ", tally.leaked_objects, tally.leaked_bytes);
    put_leak_class(out, "leaked indirectly: ", tally.indirect_objects, tally.indirect_bytes);
    put_leak_class(out, "possibly leaked: ", tally.possible_objects, tally.possible_bytes);
    if (tally.not_printed != 0) {
        out.put("  not printed: ");
        put_count(out, tally.not_printed, "report");
        out.put(" beyond KSLAB_REPORT_LIMIT\n");
    }
    put_extras(out, extras);
    out.put('\n');
}

}  // namespace kslab
