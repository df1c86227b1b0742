// Stacks in reports. A frame is written as the file that holds its code and the address there, which is all that a
// process can say safely while its heap is broken; the symboliser, or `kslab symbolize` later, makes functions and
// lines of it:
//
//     #0 ?? (/usr/bin/demo+0x18c0) [build-id 0123abcd]
//
// ` exact` behind it says that the address is that of an instruction, not of the one behind a call.
#include "debug/report/report.h"

namespace kslab {

namespace {

void put_build_id(text& out, const module_place& where) {
    if (where.build_id_length == 0) return;
    out.put(" [build-id ");
    for (unsigned i = 0; i < where.build_id_length && i < kMaxBuildId; i++) {
        if (where.build_id[i] < 16) out.put('0');
        out.hex(where.build_id[i]);
    }
    out.put(']');
}

void put_frame(text& out, unsigned number, uintptr_t address, bool exact, const report_context& context) {
    out.put("    #").dec(number).put(" ?? (");
    module_place where{};
    if (context.module_of != nullptr) where = context.module_of(address);
    if (where.path != nullptr) {
        put_name(out, where.path);
        out.put("+0x").hex(where.offset).put(')');
        put_build_id(out, where);
    } else {
        out.put("0x").hex(address).put(')');
    }
    if (exact) out.put(" exact");
    out.put('\n');
}

}  // namespace

void report_put_stack(text& out, const stack_view& stack, bool exact, const report_context& context) {
    for (unsigned i = 0; i < stack.count; i++) {
        if (out.length() > kReportStacks) {
            out.put("    and ");
            put_count(out, stack.count - i, "more frame");
            out.put('\n');
            return;
        }
        put_frame(out, i, stack.frame[i], exact && i == 0, context);
    }
}

void report_put_source(text& out, const stack_view& stack) {
    if (stack.count == 0)
        out.put(" (no stack)");
    else if (stack.source == stack_source::frame_pointers)
        out.put(" (stack by frame pointers)");
    else if (stack.source == stack_source::libunwind)
        out.put(" (stack by libunwind)");
}

}  // namespace kslab
