// The listing of all live objects by who allocated them, as the kernel's slab_allocators.
//
// The program runs on meanwhile: objects may come and go.
#include "cache/kmem_cache.h"
#include "debug/report/finding.h"
#include "debug/leak/leak_groups.h"
#include "debug/leak/leaks.h"
#include "debug/report/report.h"
#include "os/memory.h"

namespace kslab {

namespace {

// What is handed to the symboliser at a time, and the most that one group may add to it.
constexpr size_t kTextBytes = kReportBytes;
constexpr size_t kGroupBytes = size_t{16} << 10;

void add_live(const place& p, void* groups) {
    if (in_use_by_program(*p.record)) static_cast<leak_groups*>(groups)->add(p, false, {});
}

void count_live(const place& p, void* sum) {
    if (in_use_by_program(*p.record)) static_cast<leak_sum*>(sum)->add(p.record->requested);
}

void put_sum(text& out, const leak_sum& sum) {
    put_count(out, sum.objects, "object");
    out.put(", ");
    put_count(out, sum.bytes, "byte");
}

void put_group(text& out, const leak_group& g) {
    out.put(g.cache != nullptr ? g.cache->name : "kmalloc-large").put(": ");
    put_sum(out, g.own);
    out.put(", by ").put(call_name(g.example.allocated_by));
    stack_view stack = stack_depot_get(g.example.allocated.stack);
    report_put_source(out, stack);
    out.put('\n');
    report_context context = report_context_now();
    report_right right;  // to what knows the modules
    if (right) report_put_stack(out, stack, false, context);
}

void write_groups(const leak_groups& groups, char* memory) {
    for (size_t i = 0; i < groups.count();) {
        text out(memory, kTextBytes);
        while (i < groups.count() && out.length() < kTextBytes - kGroupBytes) put_group(out, groups[i++]);
        report_write(out.data(), out.length(), true);
    }
}

}  // namespace

void live_objects_report() {
    leak_sum live;
    leak_groups groups;
    for_each_place(count_live, &live);
    char* memory = static_cast<char*>(os_map(kTextBytes));
    if (memory != nullptr && groups.open(live.objects)) {
        for_each_place(add_live, &groups);
        groups.sort();
        text head(memory, kTextBytes);
        head.put("live objects: ");
        put_sum(head, live);
        head.put(", by allocation stack\n");
        report_write(head.data(), head.length());
        write_groups(groups, memory);
        groups.close();
    }
    if (memory != nullptr) os_unmap(memory, kTextBytes);
}

}  // namespace kslab
