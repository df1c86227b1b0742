#include "debug/object/quarantine.h"

#include "debug/object/objects.h"
#include "kmalloc/kmalloc.h"
#include "pages/meta_arena.h"

namespace kslab {

constinit mutex quarantine_lock{lock_rank::quarantine};

namespace {

// What an object waits for, beside its own bytes: its record and its entry here.
constexpr size_t kEntryCost = sizeof(object_record) + 16;

struct waiting {
    void* begin;
    size_t cost;
};
constexpr unsigned kEntries = 252;
constexpr unsigned kFetchAhead = 8;
struct batch {
    batch* next;
    uint32_t first;
    uint32_t end;
    waiting entry[kEntries];
};

struct {
    batch* oldest;
    batch* newest;
    size_t bytes;
    size_t objects;
} line;  // quarantine_lock

// Room for one more at the end. The metadata arena's lock ranks behind this one.
bool room_for_one() {
    if (line.newest != nullptr && line.newest->end < kEntries) return true;
    batch* fresh = static_cast<batch*>(metadata_allocate(sizeof(batch)));
    if (fresh == nullptr) return false;
    fresh->next = nullptr;
    fresh->first = fresh->end = 0;
    if (line.newest != nullptr)
        line.newest->next = fresh;
    else
        line.oldest = fresh;
    line.newest = fresh;
    return true;
}

void* take_oldest() {
    batch* from = line.oldest;
    waiting leaving = from->entry[from->first++];
    // After so long they are in no cache of the machine; those that leave next are fetched meanwhile.
    if (from->first + kFetchAhead < from->end) __builtin_prefetch(from->entry[from->first + kFetchAhead].begin);
    line.bytes -= leaving.cost;
    line.objects--;
    if (from->first == from->end) {
        line.oldest = from->next;
        if (from->next == nullptr) line.newest = nullptr;
        metadata_free(from, sizeof(batch));
    }
    return leaving.begin;
}

// False: it cannot wait.
bool put(const place& p, size_t cost) {
    scoped_lock lock(quarantine_lock);
    if (cost > active_options.quarantine || !room_for_one()) return false;
    line.newest->entry[line.newest->end++] = {p.begin, cost};
    line.bytes += cost;
    line.objects++;
    return true;
}

// The oldest, while there are more than `most` bytes; null then.
void* next_to_leave(size_t most) {
    scoped_lock lock(quarantine_lock);
    return line.bytes > most ? take_oldest() : nullptr;
}

}  // namespace

void quarantine_put(const place& p) {
    // Hidden objects keep address space only; one of a gigabyte shall not push everything else out.
    size_t cost = (place_is_hidden(p) ? kPageSize / 4 : p.bytes) + kEntryCost;
    if (!put(p, cost)) return object_release(p.begin);
    while (void* begin = next_to_leave(active_options.quarantine)) object_release(begin);
}

void quarantine_drain() {
    while (void* begin = next_to_leave(0)) object_release(begin);
}

quarantine_stats quarantine_read_stats() {
    scoped_lock lock(quarantine_lock);
    return {line.objects, line.bytes};
}

}  // namespace kslab
