// The record of one object under debugging: what was asked for, by whom, and what became of it. Records lie in
// the metadata arena, one for each object of a slab behind its descriptor, one for each run of its own, so that
// no overflow reaches them.
//
// Written by whoever moves the object from state to state, with the object's lock (object_lock.h); `state` may be
// read without.
#pragma once
#include "base/relaxed.h"

namespace kslab {

// How an object was asked for or given back.
enum class call_kind : uint8_t {
    none,
    malloc, calloc, realloc, memalign, aligned_alloc, posix_memalign, valloc, pvalloc,
    new_object, new_array, new_aligned, new_array_aligned,
    kmalloc, krealloc, kmem_cache_alloc,
    free, free_sized, free_aligned_sized,
    delete_object, delete_array, delete_aligned, delete_array_aligned,
    kfree, kmem_cache_free,
    usable_size, ksize,
};
// "malloc", "operator new[]", "free" …
const char* call_name(call_kind kind);

// Which frees fit which allocations.
enum class call_family : uint8_t { none, c, cxx_object, cxx_array, kmalloc, cache };
call_family family_of(call_kind kind);
bool is_aligned_call(call_kind kind);
// Any operator new.
inline bool is_new(call_kind kind) { return kind >= call_kind::new_object && kind <= call_kind::new_array_aligned; }

struct track {
    uint32_t stack;   // in the stack depot; 0: none
    uint32_t thread;  // gettid()
    uint32_t when;    // milliseconds of clock_read, 0 where there is no clock
};

enum class object_state : uint8_t {
    fresh,        // never handed out
    live,         // the user's
    quarantined,  // freed, waiting
    free,         // freed, in its slab
};

enum record_mark : uint8_t {
    kMarkReached = 1,   // leak scan: by a pointer to its start
    kMarkInterior = 2,  // leak scan: by a pointer into it only
    kMarkIndirect = 4,  // leak scan: from another leaked object
    kMarkIgnored = 8,   // kslab_ignore_leak, SLAB_NOLEAKTRACE, or kslab's own
    kMarkRepaired = 16, // a damage was reported already
    kMarkOfKslab = 32,  // allocated on kslab's behalf, when libunwind was loaded
};

struct object_record {
    uint64_t requested;  // bytes asked for
    uint32_t offset;     // of the object in its place
    track allocated;
    track freed;
    relaxed<object_state> state;
    call_kind allocated_by;
    call_kind freed_by;
    uint8_t align_shift;  // of what was asked for, 0: default
    uint16_t epoch;       // how many forks deep the process was that allocated it
    uint8_t marks;
    uint8_t sampled;      // guarded by chance (KSLAB_SAMPLE_GUARD)
    // Of a run of its own: debug_flag of the cache that was asked, and which that was (debug/object/runs.h).
    uint16_t flags;
    uint16_t cache;
};
static_assert(sizeof(object_record) == 48);

inline bool in_use_by_program(const object_record& r) {
    return r.state == object_state::live && (r.marks & kMarkOfKslab) == 0;
}

}  // namespace kslab
