// One object for each possible CPU (include/kslab/percpu.h), and a table of them. What the program gets is the
// complement of the table's address.
#include "kslab/percpu.h"

#include <errno.h>

#include "api/percpu.h"
#include "base/bits.h"
#include "base/check.h"
#include "base/host.h"
#include "base/relaxed.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kslab.h"
#include "os/cpus.h"

namespace kslab {

namespace {

struct percpu_data {
    // kTableMark mixed with the table's address while it is in use: tells it from other memory, and from a copy.
    uintptr_t mark;
    unsigned count;
    void* objects[];
};

constexpr uintptr_t kTableMark = 0x7065726370755f5f;
constexpr unsigned kSelf = ~0u;

constinit relaxed<unsigned> fails_at{kNoCpu};

uintptr_t mark_of(const percpu_data* table) { return kTableMark ^ reinterpret_cast<uintptr_t>(table); }

percpu_data* table_of(const void* percpu) {
    return reinterpret_cast<percpu_data*>(~reinterpret_cast<uintptr_t>(percpu));
}

[[noreturn]] KSLAB_NOINLINE void report_misuse(const char* call, const void* percpu, unsigned cpu) {
    {
        report_line out;
        out->put(call).put('(').ptr(percpu);
        if (cpu != kSelf) out->put(", ").dec(cpu);
        out->put("): ").put(cpu != kSelf ? "there is no such CPU" : "this is no pointer of alloc_percpu, or a freed one");
    }
    host_abort();
}

void* percpu_refused(size_t size, size_t align, const char* why) {
    report_line()->put("alloc_percpu(").dec(size).put(", ").dec(align).put(") failed: ").put(why);
    errno = EINVAL;
    return nullptr;
}

// Null when memory is short. Whole cache lines, on the CPU's node.
void* allocate_for(unsigned cpu, size_t size, size_t align, gfp_t gfp) {
    if (cpu == fails_at) return nullptr;
    if (align < kCacheLine) align = kCacheLine;
    return kmalloc_slow({.kind = call_kind::kmalloc,
                         .size = align_up(size, kCacheLine),
                         .align = align,
                         .zero = true,
                         .gfp = gfp & ~__GFP_DMA,
                         .node = node_of_cpu(cpu)});
}

// The objects of the first `count` CPUs, and the table.
void release(percpu_data* table, unsigned count) {
    for (unsigned cpu = 0; cpu < count; cpu++) kfree(table->objects[cpu]);
    table->mark = 0;
    kfree(table);
}

void* allocate_all(size_t size, size_t align, gfp_t flags) {
    unsigned count = possible_cpus();
    auto* table = static_cast<percpu_data*>(kmalloc(sizeof(percpu_data) + count * sizeof(void*), flags & ~__GFP_ZERO));
    if (table == nullptr) return nullptr;
    table->count = count;
    for (unsigned cpu = 0; cpu < count; cpu++) {
        table->objects[cpu] = allocate_for(cpu, size, align, flags);
        if (table->objects[cpu] == nullptr) return release(table, cpu), nullptr;
    }
    table->mark = mark_of(table);
    // No pointer to it is to be found anywhere.
    if (debug_flags != 0) kslab_ignore_leak(table);
    return reinterpret_cast<void*>(~reinterpret_cast<uintptr_t>(table));
}

}  // namespace

void percpu_fail_at(unsigned cpu) { fails_at = cpu; }

}  // namespace kslab

using namespace kslab;

extern "C" {

KSLAB_EXPORT void* __alloc_percpu_gfp(size_t size, size_t align, gfp_t flags) {
    if (size == 0) return percpu_refused(size, align, "an object has at least one byte");
    if (size > PTRDIFF_MAX) return percpu_refused(size, align, "the object is too large");
    if (align != 0 && !is_power_of_two(align)) return percpu_refused(size, align, "the alignment is no power of two");
    if (align > kPageSize) return percpu_refused(size, align, "the alignment is at most 4096");
    void* percpu = allocate_all(size, align, flags);
    if (percpu == nullptr) errno = ENOMEM;
    return percpu;
}

KSLAB_EXPORT void* __alloc_percpu(size_t size, size_t align) { return __alloc_percpu_gfp(size, align, GFP_KERNEL); }

KSLAB_EXPORT void free_percpu(void* percpu) {
    if (percpu == nullptr) return;
    percpu_data* table = table_of(percpu);
    // The table's memory may be anything, or not there.
    if (reinterpret_cast<uintptr_t>(table) % alignof(percpu_data) != 0 || page_owner_of(table).none() ||
        table->mark != mark_of(table))
        report_misuse("free_percpu", percpu, kSelf);
    release(table, table->count);
}

KSLAB_EXPORT void* kslab_per_cpu_ptr(const void* percpu, unsigned cpu) {
    const percpu_data* table = table_of(percpu);
    if (KSLAB_UNLIKELY(cpu >= table->count)) report_misuse("per_cpu_ptr", percpu, cpu);
    return table->objects[cpu];
}

KSLAB_EXPORT void* kslab_this_cpu_ptr(const void* percpu) {
    const percpu_data* table = table_of(percpu);
    unsigned cpu = this_cpu();
    return table->objects[KSLAB_LIKELY(cpu < table->count) ? cpu : 0];
}

KSLAB_EXPORT unsigned num_possible_cpus(void) { return possible_cpus(); }

}  // extern "C"
