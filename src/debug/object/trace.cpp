#include "debug/object/trace.h"

#include "debug/object/objects.h"
#include "debug/report/operation_text.h"

namespace kslab {

namespace {

// One line: who reads a trace reads it by machine. Stacks are there when U keeps them.
void trace(const place& p, const call& how, const char* operation, const track& by) {
    report_right right;
    if (!right) return;
    operation_text out;
    out->put("TRACE ");
    put_name(*out.operator->(), cache_name_of(p.cache));
    out->put(' ').put(operation).put(" 0x").hex(reinterpret_cast<uintptr_t>(p.object())).put(' ');
    put_call(*out.operator->(), how).put(" requested ").dec(p.record->requested).put(" thread ").dec(this_thread_id());
    stack_view stack = stack_depot_get(by.stack);
    for (unsigned i = 0; i < stack.count; i++) put_code_address(out->put(i == 0 ? " by " : " "), stack.frame[i]);
}

}  // namespace

void trace_allocation(const place& p, const call& how) { trace(p, how, "alloc", p.record->allocated); }
void trace_free(const place& p, const call& how) { trace(p, how, "free", p.record->freed); }

}  // namespace kslab
