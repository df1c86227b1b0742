// A run: consecutive pages that are handed out, kept and given back as one.
//
// The first and the last page of every run have it as owner in the page map (a slab's pages have the slab
// instead), which is how a freed run finds its free neighbours. Guarded by the page allocator's lock, but
// for runs that are in use, which belong to their user.
#pragma once
#include "base/list.h"
#include "base/relaxed.h"
#include "pages/page_map.h"

namespace kslab {

enum class run_state : uint8_t {
    used,     // handed out
    leaving,  // freed: on its way to the page allocator, or waiting in a pool of its user's (debug/guard)
    free,     // on a list of the page allocator, merged with its free neighbours of the same content
    transit,  // between two states: on no bin, perhaps with a system call on its pages under way
};

enum class run_content : uint8_t {
    zero,   // every page reads as zero: fresh from the system, or purged
    dirty,  // warm memory that can be purged
    stuck,  // memory that the system does not take back (locked pages)
};

// Where an inaccessible page of a run in use lies (debug/guard/guard.h).
enum class run_guard : uint8_t { none, behind, before };

enum class run_watch : uint8_t { none, fresh, zeroed };  // pages/watch.h

struct object_record;

struct run {
    list_head bin;  // when free; its user's otherwise
    list_head age;  // when free and dirty: oldest first
    uintptr_t start;
    size_t pages;
    uint32_t stamp;  // when it became free, in milliseconds of reap time; its user's otherwise
    relaxed<run_state> state;  // of a run in use the user changes it, while neighbours look
    run_content content;
    bool moved : 1;  // by mremap: such mappings do not merge with their neighbours
    bool low : 1;    // of low_pages, for ever
    bool mixed : 1;    // some of its pages may not be resident, or were not when it was handed out
    run_watch watch : 2;    // what its use teaches when it is freed; none when it is handed out or resized
    run_guard guard;        // of its user
    object_record* record;  // of its user: the run is one object under debugging; null otherwise

    uintptr_t end() const { return start + pages * kPageSize; }
    void* memory() const { return reinterpret_cast<void*>(start); }
};
static_assert(sizeof(run) == 64, "a run takes one grain of the metadata arena: a byte more and it takes two");

}  // namespace kslab
