#include "debug/report/operation_text.h"

namespace kslab {

namespace {

KSLAB_APART char buffer[8192];

const char* last_component(const char* path) {
    const char* last = path;
    for (; *path != '\0'; path++)
        if (*path == '/' && path[1] != '\0') last = path + 1;
    return last;
}

}  // namespace

// The last byte is left for the end of a line that was cut.
operation_text::operation_text() : text_(buffer, sizeof buffer - 1) {}

operation_text::~operation_text() {
    size_t length = text_.length();
    if (length > 0 && buffer[length - 1] != '\n') buffer[length++] = '\n';
    report_log_write(buffer, length);
}

text& put_call(text& out, const call& how) {
    for (const char* name = call_name(how.kind); *name != '\0' && *name != '('; name++) out.put(*name);
    bool gives_back = how.kind >= call_kind::free;
    out.put('(');
    if (how.align != 0) out.dec(how.align).put(", ");
    if (!gives_back || how.sized) out.dec(how.size);
    return out.put(')');
}

text& put_code_address(text& out, uintptr_t address) {
    module_place where = module_of(address);
    if (where.path == nullptr) return out.put("0x").hex(address);
    put_name(out, last_component(where.path));
    return out.put("+0x").hex(where.offset);
}

}  // namespace kslab
