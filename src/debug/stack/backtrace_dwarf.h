// Reads the numbers of DWARF from memory, between bounds. What lies beyond the end reads as zero.
#pragma once
#include "base/attributes.h"

namespace kslab {

struct dwarf_cursor {
    const uint8_t* at;
    const uint8_t* end;

    // What an entry of .eh_frame holds behind its length; empty for the terminator and for lengths of 64 bits.
    static dwarf_cursor entry(const uint8_t* begin) {
        dwarf_cursor in{begin, begin + sizeof(uint32_t)};
        uint32_t length = in.u32();
        return {in.at, in.at + (length == 0xffffffff ? 0 : length)};
    }

    bool empty() const { return at >= end; }

    template <typename T>
    T number() {
        T value = 0;
        if (static_cast<size_t>(end - at) >= sizeof(T))
            __builtin_memcpy(&value, at, sizeof(T));
        else
            at = end - sizeof(T);
        at += sizeof(T);
        return value;
    }
    uint8_t u8() { return number<uint8_t>(); }
    uint16_t u16() { return number<uint16_t>(); }
    uint32_t u32() { return number<uint32_t>(); }

    uint64_t uleb() {
        uint64_t value = 0;
        unsigned shift = 0;
        uint8_t byte;
        do {
            byte = u8();
            if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            shift += 7;
        } while ((byte & 0x80) != 0);
        return value;
    }

    int64_t sleb() {
        uint64_t value = 0;
        unsigned shift = 0;
        uint8_t byte;
        do {
            byte = u8();
            if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            shift += 7;
        } while ((byte & 0x80) != 0);
        if ((byte & 0x40) != 0 && shift < 64) value |= ~uint64_t{0} << shift;
        return static_cast<int64_t>(value);
    }

    // The next `bytes` as a cursor of their own; this one goes on behind them.
    dwarf_cursor part(uint64_t bytes) {
        if (bytes > static_cast<uint64_t>(end - at)) bytes = static_cast<uint64_t>(end - at);
        dwarf_cursor inner{at, at + bytes};
        at += bytes;
        return inner;
    }

    // An address in one of the encodings of .eh_frame (DW_EH_PE_*), without the indirection that some ask for.
    uintptr_t pointer(uint8_t encoding, uintptr_t header) {
        uintptr_t here = reinterpret_cast<uintptr_t>(at);
        uintptr_t value = 0;
        switch (encoding & 0x0f) {
            case 0x00:
            case 0x04:
            case 0x0c: value = number<uint64_t>(); break;
            case 0x01: value = uleb(); break;
            case 0x02: value = u16(); break;
            case 0x03: value = u32(); break;
            case 0x09: value = static_cast<uintptr_t>(sleb()); break;
            case 0x0a: value = static_cast<uintptr_t>(intptr_t{number<int16_t>()}); break;
            case 0x0b: value = static_cast<uintptr_t>(intptr_t{number<int32_t>()}); break;
            default: break;
        }
        if ((encoding & 0x70) == 0x10) value += here;
        if ((encoding & 0x70) == 0x30) value += header;
        return value;
    }
};

}  // namespace kslab
