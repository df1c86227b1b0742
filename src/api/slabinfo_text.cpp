#include "api/slabinfo_text.h"

#include "base/check.h"
#include "cache/deferred.h"
#include "cache/group.h"
#include "kmalloc/kmalloc.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

constexpr size_t kNameColumn = 17;

text& column(text& out, uint64_t n, unsigned width) { return out.put(' ').dec(n, width); }

void put_statistics(text& out, const cache_report& r) {
    out.put(" : globalstat");
    column(out, r.allocs, 7);
    column(out, r.high, 6);
    column(out, r.grown, 5);
    for (size_t n : {r.reaped, r.errors, r.max_freeable, r.node_allocs, r.node_frees, r.node_overflow}) column(out, n, 4);
    out.put(" : cpustat");
    for (size_t n : {r.alloc_hit, r.alloc_miss, r.free_hit, r.free_miss}) column(out, n, 6);
}

// Runs of pages are no objects of a cache; a row of pages makes the sums right.
cache_report large_row(size_t slab_pages) {
    cache_report r{};
    __builtin_memcpy(r.name, "kmalloc-large", sizeof "kmalloc-large");
    size_t used = page_stats_of_all().used;
    // Slabs that wait for readers are neither.
    slab_pages += deferred_pages;
    size_t pages = used > slab_pages ? used - slab_pages : 0;
    r.active_objs = r.num_objs = r.active_slabs = r.num_slabs = r.pages = pages;
    r.objsize = kPageSize;
    r.objperslab = r.pagesperslab = 1;
    return r;
}

struct output {
    text_put put;
    void* context;
    bool statistics;
    size_t slab_pages;

    // Two buffers in one frame would be more than a small stack can take.
    KSLAB_NOINLINE void head() {
        char buffer[kSlabinfoLine];
        text lines(buffer, sizeof buffer);
        slabinfo_put_head(lines, statistics);
        put(context, lines.data(), lines.length());
    }
    KSLAB_NOINLINE void row(const cache_report& r) {
        char buffer[kSlabinfoLine];
        text line(buffer, sizeof buffer);
        slabinfo_put_row(line, r, statistics);
        put(context, line.data(), line.length());
    }
};

KSLAB_NOINLINE void say_error(const cache_report& r) {
    report_line()->put("cache ").put(r.name).put(" error: ").put(r.error);
}

KSLAB_NOINLINE void add_child(kmem_cache* child, cache_report& to) {
    cache_report r;
    cache_report_read(child, r);
    to.add(r);
}

// As in the kernel, children of groups have no rows: their roots' include them.
KSLAB_NOINLINE void put_cache(kmem_cache* cache, output& to) {
    if (cache->root != nullptr) return;
    cache_report r;
    cache_report_read(cache, r);
    for_each_child(cache, [&r](kmem_cache* child) { add_child(child, r); });
    to.slab_pages += r.pages;
    to.row(r);
    if (r.errors_found && r.error != nullptr) say_error(r);
}

KSLAB_NOINLINE void put_large(output& to) { to.row(large_row(to.slab_pages)); }

}  // namespace

void slabinfo_put_head(text& out, bool statistics) {
    out.put("slabinfo - version: 2.1").put(statistics ? " (statistics)\n" : "\n");
    out.put("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
    out.put(" : tunables <limit> <batchcount> <sharedfactor>");
    out.put(" : slabdata <active_slabs> <num_slabs> <sharedavail>");
    if (statistics) {
        out.put(" : globalstat <listallocs> <maxobjs> <grown> <reaped> <error> <maxfreeable>");
        out.put(" <nodeallocs> <remotefrees> <alienoverflow>");
        out.put(" : cpustat <allochit> <allocmiss> <freehit> <freemiss>");
    }
    out.put('\n');
}

void slabinfo_put_row(text& out, const cache_report& r, bool statistics) {
    size_t start = out.length();
    for (const char* letter = r.name; *letter != '\0'; letter++) out.put(plain_letter(*letter));
    out.pad_to(start + kNameColumn);
    for (size_t n : {r.active_objs, r.num_objs, r.objsize}) column(out, n, 6);
    column(column(out, r.objperslab, 4), r.pagesperslab, 4);
    out.put(" : tunables");
    for (unsigned n : {r.limit, r.batchcount, r.shared}) column(out, n, 4);
    out.put(" : slabdata");
    for (size_t n : {r.active_slabs, r.num_slabs, r.sharedavail}) column(out, n, 6);
    if (statistics) put_statistics(out, r);
    out.put('\n');
}

void slabinfo_put_all(text_put put, void* context) {
    boot();
    output to{put, context, active_options.stats == on_off::on, 0};
    to.head();
    for_each_cache([&to](kmem_cache* cache) { put_cache(cache, to); });
    put_large(to);
}

}  // namespace kslab
