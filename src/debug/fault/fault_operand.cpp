// The memory operand of one instruction: prefixes, opcode, ModRM, SIB.
#include "debug/fault/fault_context.h"

namespace kslab {

#if defined(__x86_64__)

namespace {

constexpr int kRsp = 4, kRbp = 5, kRsi = 6, kRdi = 7, kRbx = 3;

struct reader {
    const unsigned char* at;
    const unsigned char* end;
    bool ok = true;

    unsigned char next() {
        if (at < end) return *at++;
        ok = false;
        return 0;
    }
    int64_t displacement(unsigned bytes) {
        uint32_t value = 0;
        for (unsigned i = 0; i < bytes; i++) value |= static_cast<uint32_t>(next()) << 8 * i;
        return bytes == 1 ? static_cast<int8_t>(value) : static_cast<int32_t>(value);
    }
};

struct extension {
    unsigned index = 0;  // REX.X and REX.B, or what VEX has instead
    unsigned base = 0;
    unsigned map = 0;    // of VEX and EVEX: 1 0f, 2 0f38, 3 0f3a
    bool vector = false;
};

bool is_prefix(unsigned char byte) {
    switch (byte) {
        case 0x66: case 0x67: case 0xf0: case 0xf2: case 0xf3:
        case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: return true;
        default: return false;
    }
}

// VEX and EVEX invert these bits.
void read_vector_prefix(unsigned char first, reader& code, extension& x) {
    unsigned char byte = code.next();
    x.vector = true;
    x.map = 1;
    if (first == 0xc5) return;
    x.map = byte & (first == 0x62 ? 7 : 31);
    x.index = (byte & 0x40) != 0 ? 0 : 8;
    x.base = (byte & 0x20) != 0 ? 0 : 8;
    code.next();
    if (first == 0x62) code.next();
}

// Of the one-byte opcodes.
bool has_modrm(unsigned char op) {
    if (op < 0x40) return (op & 7) < 4;
    if (op >= 0x80 && op <= 0x8f) return true;
    switch (op) {
        case 0x63: case 0x69: case 0x6b: case 0xc0: case 0xc1: case 0xc6: case 0xc7:
        case 0xf6: case 0xf7: case 0xfe: case 0xff: return true;
        default: return (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf);
    }
}

// Of those that begin with 0f.
bool has_modrm_0f(unsigned char op) {
    if (op >= 0x80 && op <= 0x8f) return false;                     // jumps
    if (op >= 0xc8 && op <= 0xcf) return false;                     // bswap
    if (op >= 0x30 && op <= 0x37) return false;                     // rdtsc and the like
    return !(op >= 0x05 && op <= 0x0b) && op != 0x77 && (op & 0xf7) != 0xa0 && (op & 0xf7) != 0xa1 && op != 0xa2;
}

// Operands that the opcode implies.
bool implied(unsigned char op, memory_operand& out) {
    switch (op) {
        case 0xa4: case 0xa5: case 0xa6: case 0xa7:  // movs, cmps: both
            out.base = kRsi;
            out.index = kRdi;
            return true;
        case 0xac: case 0xad: case 0x6e: case 0x6f: out.base = kRsi; return true;
        case 0xaa: case 0xab: case 0xae: case 0xaf: case 0x6c: case 0x6d: out.base = kRdi; return true;
        case 0xd7: out.base = kRbx; return true;
        case 0xc9: out.base = kRbp; return true;
        case 0xc2: case 0xc3:
            out.base = kRsp;
            out.loads_target = true;
            return true;
        default:
            if (op < 0x50 || op > 0x5f) return false;
            out.base = kRsp;
            return true;
    }
}

bool read_modrm(reader& code, const extension& x, memory_operand& out) {
    unsigned char modrm = code.next();
    unsigned mode = modrm >> 6;
    unsigned rm = modrm & 7;
    if (mode == 3) return false;
    unsigned wide = mode == 1 ? 1 : mode == 2 ? 4 : 0;
    if (rm == 4) {
        unsigned char sib = code.next();
        unsigned index = (sib >> 3 & 7) + x.index;
        unsigned base = sib & 7;
        if (index != 4) out.index = static_cast<int>(index);
        out.scale = 1u << (sib >> 6);
        if (base == 5 && mode == 0)
            wide = 4;
        else
            out.base = static_cast<int>(base + x.base);
    } else if (rm == 5 && mode == 0) {
        return false;  // relative to the instruction: no pointer of the program's
    } else {
        out.base = static_cast<int>(rm + x.base);
    }
    out.displacement = wide != 0 ? code.displacement(wide) : 0;
    return code.ok;
}

// ff /2 to /5 are calls and jumps; in a register or through memory.
bool read_branch(reader& code, const extension& x, memory_operand& out) {
    unsigned char modrm = code.at < code.end ? *code.at : 0;
    unsigned kind = modrm >> 3 & 7;
    bool branch = kind >= 2 && kind <= 5;
    if (branch && modrm >> 6 == 3) {
        out.base = static_cast<int>((modrm & 7) + x.base);
        return true;
    }
    out.loads_target = branch;
    return read_modrm(code, x, out);
}

}  // namespace

bool decode_operand(const unsigned char* bytes, size_t length, memory_operand& out) {
    out = {};
    reader code{bytes, bytes + length};
    extension x;
    unsigned char op = code.next();
    while (is_prefix(op) && code.ok) op = code.next();
    if ((op & 0xf0) == 0x40) {
        x.index = (op & 2) != 0 ? 8 : 0;
        x.base = (op & 1) != 0 ? 8 : 0;
        op = code.next();
    }
    if (op == 0xc4 || op == 0xc5 || op == 0x62) {
        read_vector_prefix(op, code, x);
        op = code.next();
    } else if (op == 0x0f) {
        op = code.next();
        x.map = 1;
        if (op == 0x38 || op == 0x3a) {
            x.map = op == 0x38 ? 2 : 3;
            op = code.next();
        }
    }
    if (!code.ok) return false;
    if (x.map == 0) {
        if (implied(op, out)) return true;
        if (op == 0xff) return read_branch(code, x, out);
        if (!has_modrm(op)) return false;
    }
    if (x.map == 1 && !x.vector && !has_modrm_0f(op)) return false;
    if (!read_modrm(code, x, out)) return false;
    if (x.vector && x.map == 2 && op >= 0x90 && op <= 0x93) out.index = -1;  // gathers: a vector of indices
    return true;
}

#elif defined(__aarch64__)

bool decode_operand(const unsigned char* bytes, size_t length, memory_operand& out) {
    out = {};
    uint32_t word;
    if (length < sizeof word) return false;
    __builtin_memcpy(&word, bytes, sizeof word);
    bool branch = (word & 0xff9ffc1f) == 0xd61f0000 || (word & 0xfffffc1f) == 0xd63f0000;
    bool access = (word & 0x0a000000) == 0x08000000;
    if (!branch && !access) return false;
    if (access && (word & 0x3b000000) == 0x18000000) return false;  // relative to the instruction
    out.base = static_cast<int>(word >> 5 & 31);
    if (access && (word & 0x3b200c00) == 0x38200800) out.index = static_cast<int>(word >> 16 & 31);
    return true;
}

#endif

}  // namespace kslab
