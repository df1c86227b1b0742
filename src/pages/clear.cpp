#include "pages/clear.h"

#include "base/bits.h"
#include "os/memory.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

constexpr size_t pages_of(size_t bytes) { return bytes >> kPageShift; }

// Below this a system call takes longer than clearing by hand.
constexpr size_t kLeastPages = pages_of(size_t{64} << 10);
// What is given back costs a fault for each page that is touched again. It is worth that in a process that has so much in use, if
// it is no small part of it, and where it is so large itself.
constexpr size_t kMuch = pages_of(size_t{4} << 20);
constexpr size_t kPartOfUsed = 256;
// Looking at a page that nobody touched costs a fault, and at any page a system call: so many are not looked at after a look that
// changed something, and twice as many after each that did not.
constexpr uint8_t kLeastPause = 4;
constexpr uint8_t kMostPause = 128;
// Part of the pages that hold something, below which a table is given back, and above which it is cleared.
constexpr uint8_t kAll = 240;
constexpr uint8_t kSparse = kAll / 5;
constexpr uint8_t kWhole = kAll / 3;

enum class table_use : uint8_t { unknown, whole, part };

// Hints: two threads at once may lose one of theirs.
struct size_group {
    relaxed<table_use> use;
    relaxed<uint8_t> held;   // of kAll, a mean in which half is the last
    relaxed<uint8_t> pause;  // so many tables are not looked at
    relaxed<uint8_t> next_pause;
};
size_group size_groups[log2_floor(pages_of(size_t{1} << 30)) + 1];

size_group& group_of(size_t pages) {
    constexpr unsigned kLast = sizeof size_groups / sizeof *size_groups - 1;
    unsigned index = log2_floor(pages);
    return size_groups[index < kLast ? index : kLast];
}

bool worth_faults(size_t pages) {
    size_t used = all_pages.used();
    return pages > kMuch || (used >= kMuch && pages >= used / kPartOfUsed);
}

}  // namespace

bool zeroed_is_sparse(size_t pages) {
    if (pages < kLeastPages || !worth_faults(pages)) return false;
    table_use use = group_of(pages).use;
    return use == table_use::part || (use == table_use::unknown && pages > kMuch);
}

bool zeroed_is_looked_at(size_t pages) {
    if (pages < kLeastPages) return false;
    size_group& group = group_of(pages);
    uint8_t pause = group.pause;
    if (pause > 0) group.pause = static_cast<uint8_t>(pause - 1);
    return pause == 0;
}

void clear_run(run* r) {
    size_t bytes = r->pages * kPageSize;
    bool zero = r->content == run_content::zero || (zeroed_is_sparse(r->pages) && os_purge(r->memory(), bytes));
    if (!zero) __builtin_memset(r->memory(), 0, bytes);
    r->content = run_content::zero;
    r->watched = r->zeroed = zeroed_is_looked_at(r->pages);
}

// A look at some pages tells little: two that differ are no reason to change, and between the two bounds all stays as it was.
void note_zeroed_use(size_t pages, unsigned held, unsigned samples) {
    if (pages < kLeastPages) return;
    size_group& group = group_of(pages);
    table_use before = group.use;
    unsigned now = held * kAll / samples;
    unsigned mean = before == table_use::unknown ? now : (group.held + now) / 2;
    group.held = static_cast<uint8_t>(mean);
    if (mean < kSparse)
        group.use = table_use::part;
    else if (mean > kWhole || before == table_use::unknown)
        group.use = table_use::whole;
    uint8_t pause = group.use == before ? uint8_t{group.next_pause} : kLeastPause;
    group.pause = pause;
    group.next_pause = pause < kMostPause ? static_cast<uint8_t>(pause * 2) : kMostPause;
}

}  // namespace kslab
