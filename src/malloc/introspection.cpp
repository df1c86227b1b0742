#include "malloc/introspection.h"

#include <errno.h>

#include "base/bits.h"
#include "kmalloc/stats.h"
#include "malloc/malloc.h"

namespace kslab {

namespace {

// 2 KiB: too much for the stack of a small thread, and several threads may ask.
struct stats_snapshot {
    heap_stats* stats = static_cast<heap_stats*>(malloc_inline(sizeof(heap_stats)));
    stats_snapshot() {
        if (stats != nullptr) heap_stats_read(*stats);
    }
    ~stats_snapshot() { free_inline(stats); }
    stats_snapshot(const stats_snapshot&) = delete;
    stats_snapshot& operator=(const stats_snapshot&) = delete;
};

size_t bytes_of(size_t pages) { return pages * kPageSize; }

int to_int(size_t n) { return static_cast<int>(n); }

}  // namespace

struct mallinfo2 mallinfo2_read() {
    struct mallinfo2 info = {};
    stats_snapshot snapshot;
    const heap_stats* s = snapshot.stats;
    if (s == nullptr) return info;
    info.arena = bytes_of(s->mapped_pages - s->large_pages);
    info.ordblks = s->free_objects;
    info.smblks = s->array_objects;
    info.hblks = s->large_count;
    info.hblkhd = bytes_of(s->large_pages);
    info.fsmblks = s->small_arrays;
    info.uordblks = s->small_used;
    info.fordblks = info.arena - info.uordblks;
    info.keepcost = bytes_of(s->dirty_pages);
    return info;
}

struct mallinfo mallinfo_read() {
    struct mallinfo2 wide = mallinfo2_read();
    return {to_int(wide.arena),    to_int(wide.ordblks), to_int(wide.smblks),  to_int(wide.hblks),
            to_int(wide.hblkhd),   to_int(wide.usmblks), to_int(wide.fsmblks), to_int(wide.uordblks),
            to_int(wide.fordblks), to_int(wide.keepcost)};
}

namespace {

void write_sizes(const heap_stats& s, FILE* to) {
    fputs("<sizes>\n", to);
    for (unsigned i = 0; i < s.caches; i++) {
        const class_stats& c = s.cache[i];
        size_t count = c.free + c.in_arrays;
        if (count == 0) continue;
        size_t below = i == 0 ? 0 : s.cache[i - 1].object_size;
        fprintf(to, "  <size from=\"%zu\" to=\"%zu\" total=\"%zu\" count=\"%zu\"/>\n", below + 1, c.object_size,
                count * c.object_size, count);
    }
    fputs("</sizes>\n", to);
}

void write_totals(const heap_stats& s, FILE* to) {
    fprintf(to, "<total type=\"fast\" count=\"%zu\" size=\"%zu\"/>\n", s.array_objects, s.small_arrays);
    fprintf(to, "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n", s.free_objects,
            s.small_free + bytes_of(s.dirty_pages));
}

void write_system(const heap_stats& s, size_t large, FILE* to) {
    size_t mapped = bytes_of(s.mapped_pages) - large;
    size_t most = bytes_of(s.largest_mapped_use);
    fprintf(to, "<system type=\"current\" size=\"%zu\"/>\n", mapped);
    fprintf(to, "<system type=\"max\" size=\"%zu\"/>\n", most > mapped ? most : mapped);
    fprintf(to, "<aspace type=\"total\" size=\"%zu\"/>\n", mapped);
    fprintf(to, "<aspace type=\"mprotect\" size=\"%zu\"/>\n", mapped);
}

}  // namespace

int malloc_info_write(int options, FILE* to) {
    if (options != 0) return EINVAL;
    stats_snapshot snapshot;
    if (snapshot.stats == nullptr) return ENOMEM;
    const heap_stats& s = *snapshot.stats;
    size_t large = bytes_of(s.large_pages);
    fputs("<malloc version=\"1\">\n<heap nr=\"0\">\n", to);
    write_sizes(s, to);
    write_totals(s, to);
    write_system(s, large, to);
    fputs("</heap>\n", to);
    write_totals(s, to);
    fprintf(to, "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n", s.large_count, large);
    write_system(s, large, to);
    fputs("</malloc>\n", to);
    return 0;
}

void malloc_stats_write() {
    stats_snapshot snapshot;
    if (snapshot.stats == nullptr) return;
    const heap_stats& s = *snapshot.stats;
    fprintf(stderr, "%-14s %10s %10s %10s %8s %12s\n", "cache", "in use", "in arrays", "free", "slabs", "bytes");
    for (unsigned i = 0; i < s.caches; i++) {
        const class_stats& c = s.cache[i];
        if (c.slabs == 0) continue;
        fprintf(stderr, "%-14s %10zu %10zu %10zu %8zu %12zu\n", c.name, c.active, c.in_arrays, c.free, c.slabs,
                bytes_of(c.pages));
    }
    fprintf(stderr, "large          %10zu %54zu\n", s.large_count, bytes_of(s.large_pages));
    fprintf(stderr, "system bytes     = %10zu\n", bytes_of(s.mapped_pages));
    fprintf(stderr, "in use bytes     = %10zu\n", s.small_used + bytes_of(s.large_pages));
    fprintf(stderr, "free in slabs    = %10zu\n", s.small_free + s.small_arrays);
    fprintf(stderr, "free pages kept  = %10zu\n", bytes_of(s.dirty_pages));
}

int malloc_trim_all(size_t) { return trim_everything() > 0 ? 1 : 0; }

int mallopt_set(int, int) { return 1; }

}  // namespace kslab
