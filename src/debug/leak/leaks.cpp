// The leak scan:
//
//   all locks of the heap are taken, so that nobody is in the middle of a change (heap_locks.h)
//   the other threads are stopped, and their registers read (leak_threads.h)
//   live objects are counted and their marks cleared (leak_mark.h)
//   roots are read (leak_roots.h); what they lead to is marked, the rest put into groups (leak_groups.h)
//   threads and locks are let go; then the groups are reported, the largest first
//
// Between the second and the last step nothing but system calls and memory of the scan's own is used. One scan at a
// time.
#include "debug/leak/leaks.h"

#include "debug/report/finding.h"
#include "debug/heap_locks.h"
#include "debug/leak/leak_groups.h"
#include "debug/leak/leak_roots.h"
#include "debug/leak/leak_threads.h"
#include "kmalloc/kmalloc.h"
#include "os/syscall.h"

namespace kslab {

namespace {

// The process that scans: a fork may copy the memory of one that does.
std::atomic<long> scanning{0};

class scan_right {
public:
    scan_right() : process_(raw_syscall(SYS_getpid)) {
        for (long other = 0; !scanning.compare_exchange_weak(other, process_, std::memory_order_acquire);) {
            // The parent's scan is nobody's here.
            if (other != process_ && other != 0) scanning.compare_exchange_strong(other, 0, std::memory_order_relaxed);
            other = 0;
            host_yield();
        }
    }
    ~scan_right() { scanning.store(0, std::memory_order_release); }
    scan_right(const scan_right&) = delete;
    scan_right& operator=(const scan_right&) = delete;

private:
    long process_;
};

struct scan {
    leak_reader reader;
    leak_marker marker{reader};
    leak_groups groups;
    leak_totals totals{};
};

void note_leak(const place& p, bool possible, const leak_sum& indirect, void* context) {
    scan& s = *static_cast<scan*>(context);
    s.groups.add(p, possible, indirect);
    (possible ? s.totals.possible_objects : s.totals.direct_objects)++;
    (possible ? s.totals.possible_bytes : s.totals.direct_bytes) += p.record->requested;
    s.totals.indirect_objects += indirect.objects;
    s.totals.indirect_bytes += indirect.bytes;
}

// With the locks held. False: nothing can be said.
bool scan_stopped(scan& s, const stopped_threads& threads, uintptr_t stack_pointer) {
    if (!s.reader.open() || !s.marker.open() || !s.groups.open(s.marker.in_use().objects)) return false;
    s.totals.live_objects = s.marker.in_use().objects;
    s.totals.live_bytes = s.marker.in_use().bytes;
    root_request request = {&s.reader, &threads, stack_pointer, {s.marker.memory(), s.groups.memory()}};
    if (!for_each_root(request, s.marker.roots())) return false;
    s.marker.settle();
    s.marker.for_each_leak(note_leak, &s);
    return true;
}

void scan_heap(scan& s, uintptr_t stack_pointer) {
    heap_locks_take();
    stopped_threads threads;
    threads_stop(threads);
    s.totals.registers_read = threads.complete;
    s.totals.complete = scan_stopped(s, threads, stack_pointer);
    s.marker.close();
    s.reader.close();
    threads_resume(threads);
    heap_locks_release();
}

// The object may have been freed by now.
void set_example(finding& f, const leak_group& g) {
    f.has_object = true;
    f.where = g.where;
    __builtin_memcpy(static_cast<void*>(&f.record), static_cast<const void*>(&g.example), sizeof f.record);
    f.where.record = &f.record;
    f.address = f.where.object();
    place now;
    bool same = find_place(f.address, now) && now.record->state == object_state::live &&
                now.record->allocated.stack == g.example.allocated.stack;
    if (same) return;
    f.where.in_slab = nullptr;
    f.where.in_run = nullptr;
}

void report_group(const leak_group& g, const char* found_by, bool registers_read) {
    finding_lease f(g.possible ? defect::leak_possible : defect::leak);
    if (!f) return;
    f->found_by = found_by;
    f->cache_name = g.cache != nullptr ? g.cache->name : "kmalloc-large";
    f->thread = this_thread_id();
    f->count = g.own.objects;
    f->total_bytes = g.own.bytes;
    f->indirect_count = g.indirect.objects;
    f->indirect_bytes = g.indirect.bytes;
    if (!registers_read) f->detail = "other threads could not be stopped: pointers in their registers were not seen";
    set_example(*f, g);
    report_finding(*f);
}

leak_totals scan_and_report(const char* found_by, uintptr_t stack_pointer) {
    scan_right right;
    scan s;
    scan_heap(s, stack_pointer);
    if (s.totals.complete) {
        s.groups.sort();
        report_batch batch;
        for (size_t i = 0; i < s.groups.count(); i++)
            if (!s.groups[i].possible || active_options.leaks == leak_listing::possible)
                report_group(s.groups[i], found_by, s.totals.registers_read);
    }
    s.groups.close();
    return s.totals;
}

}  // namespace

// What the caller keeps in registers lies in this frame, at or above the stack pointer.
__attribute__((noinline)) leak_totals leaks_report(const char* found_by, const void* stack_from) {
    __builtin_unwind_init();
    uintptr_t stack_pointer;
#if defined(__x86_64__)
    __asm__ volatile("mov %%rsp, %0" : "=r"(stack_pointer));
#elif defined(__aarch64__)
    __asm__ volatile("mov %0, sp" : "=r"(stack_pointer));
#endif
    if (stack_from != nullptr) stack_pointer = reinterpret_cast<uintptr_t>(stack_from);
    leak_totals totals = scan_and_report(found_by, stack_pointer);
    __asm__ volatile("" : : : "memory");
    return totals;
}

}  // namespace kslab
