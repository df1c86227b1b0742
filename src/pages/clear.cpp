#include "pages/clear.h"

#include "base/bits.h"
#include "os/memory.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

constexpr size_t pages_of(size_t bytes) { return bytes >> kPageShift; }

// Below this clearing by hand is cheap, and size classes serve most of it.
constexpr size_t kLeastPages = pages_of(size_t{256} << 10) + 1;
// A fault for each page pays where a table is larger than this, or the process has so much in use and the table is at least such a
// part of it. What is larger is sparse at first.
constexpr size_t kMuch = pages_of(size_t{4} << 20);
constexpr size_t kPartOfUsed = 256;
// So many looks in a row have to say that tables of the size are sparse; one says that they are not. A wrong "sparse" costs a fault
// for each page, a wrong "whole" some memory.
constexpr uint8_t kSparseLooks = 3;
// Looking costs a system call for each page, and a fault if nobody touched it: after each look twice as many tables pass without.
constexpr uint8_t kMostPause = 64;
constexpr uint8_t kMostPauseSparse = 4;
constexpr uint8_t kPauseOnceWhole = 16;

enum class table_use : uint8_t { unknown, whole, sparse };

// Hints: two threads at once may lose one of theirs.
struct table_group {
    relaxed<table_use> use;
    relaxed<uint8_t> sparse_looks;
    relaxed<uint8_t> pause;       // so many tables are not watched
    relaxed<uint8_t> next_pause;
};
constexpr unsigned kGroups = 8;
table_group table_groups[kGroups];

table_group& group_of(size_t pages) {
    unsigned index = (log2_floor(pages) - log2_floor(kLeastPages)) / 2;
    return table_groups[index < kGroups ? index : kGroups - 1];
}

// Sometimes more, sometimes less: a program that allocates two kinds in turn would show one of them only.
uint8_t varied(uint8_t pause) {
    static relaxed<uint32_t> pauses;
    uint64_t place = (pauses += 1) * 0x9e3779b1u;
    return static_cast<uint8_t>(pause / 2 + (place * (pause + 1u) >> 32));
}

void watch_some(run* r) {
    if (r->pages < kLeastPages) return;
    table_group& group = group_of(r->pages);
    if (uint8_t pause = group.pause; pause > 0) {
        group.pause = static_cast<uint8_t>(pause - 1);
        return;
    }
    r->watch = run_watch::zeroed;
    // Counted from now, not from its free: a program may free many only when it has all.
    uint8_t pause = group.next_pause;
    group.pause = varied(pause);
    uint8_t most = group.use == table_use::sparse ? kMostPauseSparse : kMostPause;
    group.next_pause = pause >= most ? most : static_cast<uint8_t>(pause * 2 + 1);
}

}  // namespace

bool zeroed_is_sparse(size_t pages) {
    if (pages < kLeastPages) return false;
    table_use use = group_of(pages).use;
    if (pages > kMuch) return use != table_use::whole;
    size_t used = all_pages.used();
    return use == table_use::sparse && used >= kMuch && pages >= used / kPartOfUsed;
}

bool zero_without_writing(run* r) {
    if (r->content == run_content::zero) return true;
    if (!zeroed_is_sparse(r->pages) || !os_purge(r->memory(), r->pages * kPageSize)) return false;
    r->content = run_content::zero;
    return true;
}

void clear_run(run* r) {
    if (!zero_without_writing(r)) __builtin_memset(r->memory(), 0, r->pages * kPageSize);
    watch_some(r);
}

void note_zeroed_use(size_t pages, pages_seen seen) {
    // A table that holds nothing was never used, or was wiped; or the kernel does not tell.
    if (pages < kLeastPages || seen.held == 0) return;
    table_group& group = group_of(pages);
    // Even in a sparse table something is written at its beginning.
    unsigned held = seen.held - seen.first_held;
    unsigned others = kZeroedLook.samples - 1;
    if (held * 2 >= others) {
        if (group.use != table_use::whole) group.next_pause = kPauseOnceWhole;
        group.use = table_use::whole;
        group.sparse_looks = 0;
    } else if (held * 5 < others && group.use != table_use::sparse) {
        group.sparse_looks += 1;
        group.pause = group.next_pause = 0;  // the next tables will tell
        if (group.sparse_looks >= kSparseLooks) group.use = table_use::sparse;
    }
}

}  // namespace kslab
