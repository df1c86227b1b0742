#include "debug/stack/backtrace_cfi.h"

#include "debug/stack/backtrace_dwarf.h"

namespace kslab {

namespace {

// The numbers and rules here are those of x86-64; elsewhere no rule is found, and stacks follow frame pointers.
#if defined(__x86_64__)
constexpr bool kKnowsMachine = true;
#else
constexpr bool kKnowsMachine = false;
#endif
constexpr uint64_t kBp = 6;
constexpr uint64_t kSp = 7;
constexpr uint64_t kReturnAddress = 16;

enum class place_kind : uint8_t { same, at_cfa, at_bp, undefined, other };
enum class cfa_kind : uint8_t { sp, bp, deref_bp, other };

// A row of the table: what holds from one instruction on.
struct row {
    cfa_kind cfa = cfa_kind::other;
    place_kind bp = place_kind::same;
    place_kind ra = place_kind::other;
    int64_t cfa_offset = 0;
    int64_t bp_offset = 0;
    int64_t ra_offset = 0;
};

struct common_entry {
    uint64_t code_align = 1;
    int64_t data_align = 1;
    uint8_t pointer_encoding = 0;
    bool has_augmentation = false;
    bool signal = false;
    dwarf_cursor program{nullptr, nullptr};
};

// "zPLR" and the like: what the letters say about the fields that follow.
bool read_augmentation(dwarf_cursor& in, const char* letters, common_entry& out) {
    if (*letters == '\0') return true;
    if (*letters != 'z') return false;
    out.has_augmentation = true;
    uint64_t length = in.uleb();
    dwarf_cursor data = in.part(length);
    for (letters++; *letters != '\0'; letters++) {
        switch (*letters) {
            case 'R': out.pointer_encoding = data.u8(); break;
            case 'P': {
                uint8_t encoding = data.u8();
                data.pointer(encoding, 0);
                break;
            }
            case 'L': data.u8(); break;
            case 'S': out.signal = true; break;
            default: return true;  // unknown letters come last; the length says where the program begins
        }
    }
    return true;
}

bool read_common_entry(const uint8_t* at, common_entry& out) {
    dwarf_cursor in = dwarf_cursor::entry(at);
    if (in.u32() != 0) return false;
    uint8_t version = in.u8();
    if (version != 1 && version != 3) return false;
    const char* letters = reinterpret_cast<const char*>(in.at);
    while (!in.empty() && in.u8() != 0) {
    }
    out.code_align = in.uleb();
    out.data_align = in.sleb();
    uint64_t return_register = version == 1 ? in.u8() : in.uleb();
    if (return_register != kReturnAddress || !read_augmentation(in, letters, out)) return false;
    out.program = in;
    return true;
}

// Runs the instructions of a description until the row for `pc` is complete.
class row_machine {
public:
    row_machine(const common_entry& common, uintptr_t start, uintptr_t pc) : common_(common), at_(start), pc_(pc) {}

    bool run(dwarf_cursor program) {
        while (!program.empty() && !reached_)
            if (!step(program)) return false;
        return true;
    }
    void keep_initial() { initial_ = now; }

    row now;

private:
    bool step(dwarf_cursor& in);
    bool extended(dwarf_cursor& in, uint8_t operation);
    bool define_cfa(dwarf_cursor& in, uint8_t operation);
    void define_register(uint64_t reg);
    void cfa_expression(dwarf_cursor in);
    void expression(uint64_t reg, dwarf_cursor in);

    void advance(uint64_t delta) {
        uintptr_t next = at_ + delta * common_.code_align;
        if (next > pc_)
            reached_ = true;
        else
            at_ = next;
    }
    void set(uint64_t reg, place_kind kind, int64_t offset) {
        if (reg == kBp) {
            now.bp = kind;
            now.bp_offset = offset;
        } else if (reg == kReturnAddress) {
            now.ra = kind;
            now.ra_offset = offset;
        }
    }
    void restore(uint64_t reg) {
        if (reg == kBp) set(reg, initial_.bp, initial_.bp_offset);
        if (reg == kReturnAddress) set(reg, initial_.ra, initial_.ra_offset);
    }
    int64_t factored(uint64_t n) const { return static_cast<int64_t>(n) * common_.data_align; }

    static constexpr unsigned kRemembered = 8;
    const common_entry& common_;
    uintptr_t at_;
    uintptr_t pc_;
    bool reached_ = false;
    unsigned depth_ = 0;
    row initial_;
    row remembered_[kRemembered];
};

enum operation : uint8_t {
    kNop = 0x00, kSetLocation = 0x01, kAdvance1 = 0x02, kAdvance2 = 0x03, kAdvance4 = 0x04, kOffsetExtended = 0x05,
    kRestoreExtended = 0x06, kUndefined = 0x07, kSameValue = 0x08, kRegister = 0x09, kRememberState = 0x0a,
    kRestoreState = 0x0b, kDefCfa = 0x0c, kDefCfaRegister = 0x0d, kDefCfaOffset = 0x0e, kDefCfaExpression = 0x0f,
    kExpression = 0x10, kOffsetExtendedSigned = 0x11, kDefCfaSigned = 0x12, kDefCfaOffsetSigned = 0x13,
    kValOffset = 0x14, kValOffsetSigned = 0x15, kValExpression = 0x16, kGnuArgsSize = 0x2e, kGnuNegativeOffset = 0x2f,
};

bool row_machine::step(dwarf_cursor& in) {
    uint8_t byte = in.u8();
    uint8_t low = byte & 0x3f;
    switch (byte >> 6) {
        case 1: advance(low); return true;
        case 2: set(low, place_kind::at_cfa, factored(in.uleb())); return true;
        case 3: restore(low); return true;
        default: return extended(in, byte);
    }
}

bool row_machine::extended(dwarf_cursor& in, uint8_t operation) {
    uint64_t reg;
    switch (operation) {
        case kNop: return true;
        case kAdvance1: advance(in.u8()); return true;
        case kAdvance2: advance(in.u16()); return true;
        case kAdvance4: advance(in.u32()); return true;
        case kOffsetExtended: reg = in.uleb(); set(reg, place_kind::at_cfa, factored(in.uleb())); return true;
        case kOffsetExtendedSigned:
            reg = in.uleb();
            set(reg, place_kind::at_cfa, in.sleb() * common_.data_align);
            return true;
        case kGnuNegativeOffset: reg = in.uleb(); set(reg, place_kind::at_cfa, -factored(in.uleb())); return true;
        case kRestoreExtended: restore(in.uleb()); return true;
        case kUndefined: set(in.uleb(), place_kind::undefined, 0); return true;
        case kSameValue: set(in.uleb(), place_kind::same, 0); return true;
        case kRegister: reg = in.uleb(); in.uleb(); set(reg, place_kind::other, 0); return true;
        case kValOffset:
        case kValOffsetSigned: reg = in.uleb(); in.uleb(); set(reg, place_kind::other, 0); return true;
        case kValExpression: reg = in.uleb(); in.part(in.uleb()); set(reg, place_kind::other, 0); return true;
        case kExpression: reg = in.uleb(); expression(reg, in.part(in.uleb())); return true;
        case kGnuArgsSize: in.uleb(); return true;
        case kRememberState:
            if (depth_ == kRemembered) return false;
            remembered_[depth_++] = now;
            return true;
        case kRestoreState:
            if (depth_ == 0) return false;
            now = remembered_[--depth_];
            return true;
        case kSetLocation: {
            uintptr_t next = in.pointer(common_.pointer_encoding, 0);
            advance(next > at_ ? (next - at_) / common_.code_align : 0);
            return true;
        }
        default: return define_cfa(in, operation);
    }
}

bool row_machine::define_cfa(dwarf_cursor& in, uint8_t operation) {
    switch (operation) {
        case kDefCfa:
            define_register(in.uleb());
            now.cfa_offset = static_cast<int64_t>(in.uleb());
            return true;
        case kDefCfaSigned:
            define_register(in.uleb());
            now.cfa_offset = in.sleb() * common_.data_align;
            return true;
        case kDefCfaRegister: define_register(in.uleb()); return true;
        case kDefCfaOffset: now.cfa_offset = static_cast<int64_t>(in.uleb()); return true;
        case kDefCfaOffsetSigned: now.cfa_offset = in.sleb() * common_.data_align; return true;
        case kDefCfaExpression: cfa_expression(in.part(in.uleb())); return true;
        default: return false;
    }
}

void row_machine::define_register(uint64_t reg) {
    now.cfa = reg == kSp ? cfa_kind::sp : reg == kBp ? cfa_kind::bp : cfa_kind::other;
}

constexpr uint8_t kBaseRegisterBp = 0x76;  // DW_OP_breg6
constexpr uint8_t kDereference = 0x06;

// GCC's functions that align their stack keep the CFA in a word of their frame: *(bp + offset).
void row_machine::cfa_expression(dwarf_cursor in) {
    now.cfa = cfa_kind::other;
    if (in.u8() != kBaseRegisterBp) return;
    now.cfa_offset = in.sleb();
    if (in.u8() == kDereference && in.empty() && now.cfa_offset < 0) now.cfa = cfa_kind::deref_bp;
}

void row_machine::expression(uint64_t reg, dwarf_cursor in) {
    bool at_bp = in.u8() == kBaseRegisterBp && in.sleb() == 0 && in.empty();
    set(reg, at_bp ? place_kind::at_bp : place_kind::other, 0);
}

constexpr int64_t kWord = int64_t{1} << kWordShift;

bool pack_offset(int64_t offset, uint32_t& words) {
    if (offset <= 0 || offset % kWord != 0 || offset / kWord > kMostCfaWords) return false;
    words = static_cast<uint32_t>(offset / kWord);
    return true;
}

uint8_t pack_bp(const row& r) {
    if (r.bp == place_kind::same) return 0;
    int64_t words = -r.bp_offset / kWord;
    bool simple = r.bp == place_kind::at_cfa && r.bp_offset % kWord == 0 && words > 1 && words < kBpLost;
    return simple ? static_cast<uint8_t>(words) : kBpLost;
}

constexpr unwind_rule kComplex{unwind_kind::complex, 0, 0};

unwind_rule rule_of(const row& r) {
    unwind_rule rule = kComplex;
    if (r.ra == place_kind::undefined) return {unwind_kind::end, 0, 0};
    if (r.ra != place_kind::at_cfa || r.ra_offset != -kWord) return rule;
    if (r.cfa == cfa_kind::deref_bp) {
        if (r.bp == place_kind::at_bp && pack_offset(-r.cfa_offset, rule.cfa)) rule.kind = unwind_kind::realigned;
        return rule;
    }
    rule.bp = pack_bp(r);
    if (r.cfa == cfa_kind::other || !pack_offset(r.cfa_offset, rule.cfa)) return rule;
    rule.kind = r.cfa == cfa_kind::sp ? unwind_kind::from_sp : unwind_kind::from_bp;
    return rule;
}

// The frame description at `entry`; false when `pc` is not its.
bool read_description(const uint8_t* entry, uintptr_t pc, unwind_rule& rule) {
    dwarf_cursor in = dwarf_cursor::entry(entry);
    const uint8_t* link = in.at;
    uint32_t back = in.u32();
    common_entry common;
    if (back == 0 || !read_common_entry(link - back, common)) return false;
    uintptr_t start = in.pointer(common.pointer_encoding, 0);
    uintptr_t length = in.pointer(common.pointer_encoding & 0x0f, 0);
    if (pc - start >= length) return false;
    rule = kComplex;
    if (common.signal) {
        rule.kind = unwind_kind::signal;
        return true;
    }
    if (common.has_augmentation) in.part(in.uleb());
    row_machine machine(common, start, pc);
    if (!machine.run(common.program)) return true;
    machine.keep_initial();
    if (machine.run(in)) rule = rule_of(machine.now);
    return true;
}

struct table_line {
    int32_t start;
    int32_t description;
};

}  // namespace

unwind_rule read_unwind_rule(const void* header, uintptr_t pc) {
    unwind_rule rule;
    constexpr uint8_t kRelativeToHeader = 0x3b;  // what all linkers write: pairs of 32-bit offsets, sorted
    const auto* bytes = static_cast<const uint8_t*>(header);
    if (!kKnowsMachine || header == nullptr || bytes[0] != 1 || bytes[3] != kRelativeToHeader) return rule;
    uintptr_t base = reinterpret_cast<uintptr_t>(header);
    dwarf_cursor in{bytes + 4, bytes + 4 + 2 * sizeof(uint64_t)};
    in.pointer(bytes[1], base);
    size_t count = in.pointer(bytes[2], base);
    const auto* table = reinterpret_cast<const table_line*>(in.at);
    intptr_t wanted = static_cast<intptr_t>(pc - base);
    size_t first = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (table[first + half].start <= wanted) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    if (first > 0) read_description(bytes + table[first - 1].description, pc, rule);
    return rule;
}

}  // namespace kslab
