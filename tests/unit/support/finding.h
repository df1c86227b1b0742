// Findings made by hand: objects at fixed addresses that are never touched, stacks and modules that were never there,
// a clock that stands still. Reports of them are the same everywhere but for the address of the slab's descriptor.
#pragma once
#include <cstring>
#include <memory>
#include <string>

#include "debug/report/report.h"
#include "pages/run.h"
#include "slab/slab.h"

namespace test {

inline constexpr uintptr_t kSlabStart = 0x7f0000001000;
inline constexpr uintptr_t kCode = 0x555555554000;
inline constexpr uint32_t kAllocStack = 1, kFreeStack = 2, kPointerStack = 3;

inline char* at(uintptr_t address) { return reinterpret_cast<char*>(address); }

// The program's code ends at kCode + 0x10000, that of the library begins there; nothing is known beyond.
inline kslab::module_place fixed_module(uintptr_t address) {
    kslab::module_place where{};
    if (address < kCode || address >= kCode + 0x20000) return where;
    bool program = address < kCode + 0x10000;
    where.path = program ? "/opt/demo/bin/demo" : "/opt/demo/lib/liborder.so.1";
    where.offset = address - kCode - (program ? 0 : 0x10000);
    for (unsigned i = 0; i < 4; i++) where.build_id[i] = static_cast<unsigned char>(0x01 + 0x22 * i);
    where.build_id_length = program ? 4 : 0;
    return where;
}

inline kslab::stack_view fixed_stack(uint32_t id) {
    static constexpr uintptr_t kAlloc[] = {kCode + 0x18c0, kCode + 0x1a2f};
    static constexpr uintptr_t kFree[] = {kCode + 0x10450, kCode + 0x1a80};
    static constexpr uintptr_t kPointers[] = {kCode + 0x2000, 0x1234};
    switch (id) {
        case kAllocStack: return {kAlloc, 2, kslab::stack_source::unwind_tables};
        case kFreeStack: return {kFree, 2, kslab::stack_source::unwind_tables};
        case kPointerStack: return {kPointers, 2, kslab::stack_source::frame_pointers};
        default: return {};
    }
}

inline kslab::report_context fixed_context() {
    kslab::report_context context;
    context.program = "demo";
    context.process = 4711;
    context.has_clock = true;
    context.now = 100000;
    context.module_of = fixed_module;
    context.stack_of = fixed_stack;
    return context;
}

inline kslab::slab fixed_slab{};

// One finding and what it refers to.
struct made_finding {
    kslab::finding f{};
    kslab::run run{};

    explicit made_finding(kslab::defect what) {
        f.what = what;
        f.thread = 4711;
    }

    // The object with index 1 of a slab of kmalloc-64: 16 bytes of redzone, 40 of the object, 24 of redzone.
    void object(kslab::object_state state, size_t requested = 40) {
        fixed_slab.s_mem = at(kSlabStart);
        fixed_slab.num = 51;
        fixed_slab.inuse = 12;
        f.has_object = true;
        f.cache_name = "kmalloc-64";
        f.where.begin = at(kSlabStart + 80);
        f.where.bytes = 80;
        f.where.flags = kslab::kDebugDefault;
        f.where.in_slab = &fixed_slab;
        f.where.record = &f.record;
        f.record.offset = 16;
        f.record.requested = requested;
        f.record.state = state;
        f.record.allocated = {kAllocStack, 4711, 97654};
        f.record.allocated_by = kslab::call_kind::malloc;
        if (state != kslab::object_state::live) {
            f.record.freed = {kFreeStack, 4712, 99880};
            f.record.freed_by = kslab::call_kind::free;
        }
    }
    uintptr_t object_start() const { return reinterpret_cast<uintptr_t>(f.where.object()); }

    // An object of a run of its own.
    void large_object(size_t requested) {
        object(kslab::object_state::live, requested);
        run.start = kSlabStart;
        run.pages = requested / 4096 + 2;
        f.cache_name = "kmalloc-large";
        f.where.in_slab = nullptr;
        f.where.in_run = &run;
        f.where.begin = at(kSlabStart);
        f.where.bytes = run.pages * 4096;
    }

    void called(kslab::call_kind kind, const char* found_by) {
        f.how.kind = kind;
        f.found_by = found_by;
        f.stack.count = 1;
        f.stack.source = kslab::stack_source::unwind_tables;
        f.stack.frame[0] = kCode + 0x1b00;
    }

    // `size` bytes from `from` on, filled as SLUB fills them, with `wrong` in [first, last].
    void damaged(uintptr_t from, size_t size, uintptr_t first, uintptr_t last, unsigned char wrong) {
        bool live = f.record.state == kslab::object_state::live;
        uintptr_t start = object_start(), end = start + f.record.requested;
        f.dump_start = from;
        f.dump_length = size;
        for (size_t i = 0; i < size; i++) {
            uintptr_t address = from + i;
            bool inside = address >= start && address < end;
            f.dump[i] = inside ? (live ? static_cast<unsigned char>('a' + i % 26) : kslab::kPoisonFree)
                               : live ? kslab::kRedzoneActive : kslab::kRedzoneInactive;
            if (address >= first && address <= last) f.dump[i] = wrong;
        }
        f.bytes.first = reinterpret_cast<const unsigned char*>(first);
        f.bytes.last = reinterpret_cast<const unsigned char*>(last);
        bool in_object = first >= start && first < end;
        f.bytes.region = in_object ? kslab::damage::where::object
                         : first < start ? kslab::damage::where::left : kslab::damage::where::right;
        f.bytes.expected = in_object ? kslab::kPoisonFree : live ? kslab::kRedzoneActive : kslab::kRedzoneInactive;
        f.address = at(first);
    }
};

inline std::string masked(std::string text, const void* address, const std::string& by) {
    char number[32];
    snprintf(number, sizeof number, "0x%lx", static_cast<unsigned long>(reinterpret_cast<uintptr_t>(address)));
    for (size_t found; (found = text.find(number)) != std::string::npos;) text.replace(found, strlen(number), by);
    return text;
}

inline std::string text_of(const made_finding& made, const kslab::report_context& context = fixed_context()) {
    auto buffer = std::make_unique<char[]>(kslab::kReportBytes);
    kslab::text out(buffer.get(), kslab::kReportBytes);
    kslab::report_put_text(out, made.f, context);
    return masked({out.data(), out.length()}, &fixed_slab, "0xSLAB");
}

inline std::string json_of(const made_finding& made, const kslab::report_context& context = fixed_context()) {
    auto buffer = std::make_unique<char[]>(kslab::kReportBytes);
    kslab::text out(buffer.get(), kslab::kReportBytes);
    kslab::report_put_json(out, made.f, context);
    return masked({out.data(), out.length()}, &fixed_slab, "0xSLAB");
}

}  // namespace test
