// The bytes of a finding, from the copy that was taken when it was found: sixteen a line, each part of the place on
// lines of its own, in hexadecimal and as characters.
#include "debug/report/report.h"

namespace kslab {

namespace {

constexpr size_t kRow = 16;

void put_byte(text& out, unsigned char byte) {
    if (byte < 16) out.put('0');
    out.hex(byte);
}

void put_row(text& out, const char* label, uintptr_t address, const unsigned char* bytes, size_t count) {
    size_t start = out.length();
    out.put(label).pad_to(start + 9).put("0x").hex(address).put(':');
    for (size_t i = 0; i < kRow; i++) {
        if (i >= count) {
            out.put("   ");
            continue;
        }
        out.put(' ');
        put_byte(out, bytes[i]);
    }
    out.put("  ");
    for (size_t i = 0; i < count; i++) {
        bool visible = bytes[i] >= ' ' && bytes[i] < 127;
        out.put(visible ? static_cast<char>(bytes[i]) : '.');
    }
    out.put('\n');
}

// The rows of [from, until), as far as the copy has them; none crosses an address that is a multiple of 16.
void put_part(text& out, const finding& f, const char* label, uintptr_t from, uintptr_t until) {
    uintptr_t first = f.dump_start, end = first + f.dump_length;
    if (from > first) first = from;
    if (until < end) end = until;
    while (first < end) {
        uintptr_t next = (first | (kRow - 1)) + 1;
        if (next > end) next = end;
        put_row(out, label, first, f.dump + (first - f.dump_start), next - first);
        first = next;
    }
}

}  // namespace

void report_put_dump(text& out, const finding& f) {
    if (f.dump_length == 0 || f.dump_length > finding::kDumpBytes) return;
    if (!f.has_object) return put_part(out, f, "Bytes", 0, UINTPTR_MAX);
    uintptr_t begin = reinterpret_cast<uintptr_t>(f.where.begin), end = begin + f.where.bytes;
    uintptr_t object = reinterpret_cast<uintptr_t>(f.where.object());
    uintptr_t object_end = reinterpret_cast<uintptr_t>(f.where.object_end());
    // What alignment put before the redzone belongs to nobody.
    uintptr_t redzone = object - begin > kMostRedzone ? object - kMostRedzone : begin;
    bool redzones = (f.where.flags & kDebugRedzone) != 0;
    if (!redzones) redzone = object;
    put_part(out, f, "Bytes b4", 0, redzone);
    put_part(out, f, "Redzone", redzone, object);
    put_part(out, f, "Object", object, object_end);
    put_part(out, f, redzones ? "Redzone" : "Padding", object_end, end);
    put_part(out, f, "Next", end, UINTPTR_MAX);
}

}  // namespace kslab
