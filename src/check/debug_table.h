// The one way from the allocator into debugging: a constant table of functions that slow paths call when the cache
// concerned has debug flags. src/debug defines it; nothing below knows more of debugging than this and the
// layout of places.
#pragma once
#include "kslab/gfp.h"

#include "base/relaxed.h"
#include "check/record.h"
#include "config/debug_switches.h"
#include "pages/page_map.h"

namespace kslab {

struct kmem_cache;

// What the program called, and with what.
struct call {
    call_kind kind = call_kind::none;
    size_t size = 0;   // as asked for; with frees: what the caller says, when `sized`
    size_t align = 0;  // 0: what malloc gives
    bool zero = false;
    bool sized = false;
    bool low = false;                   // below 2 GiB
    bool sampled = false;               // to be guarded, by chance
    const kmem_cache* cache = nullptr;  // of kmem_cache_free
    gfp_t gfp = GFP_KERNEL;
    int node = NUMA_NO_NODE;
    const void* caller = nullptr;  // the return address of the program's call; null when kslab itself asks
    bool on_behalf = false;        // the caller is not who called (kmalloc_track_caller)
};

struct debug_table {
    // Once, from boot, when debugging or sampling is on: before the first object.
    void (*boot)();
    // A cache of the program's own asks for these flags (SLAB_POISON and its kin): debugging is on from now on.
    void (*enable)(uint32_t flags);
    // An object from a debug cache (or, null, a run of its own). Null when memory is short or a fault was injected.
    void* (*allocate)(kmem_cache* cache, const call& how);
    // Frees an object whose owner is under debugging.
    void (*free)(void* object, page_owner owner, const call& how);
    // A pointer that no slab and no run owns, with debugging on. True: reported, and the call is to do nothing.
    bool (*bad_pointer)(const void* pointer, const call& how);
    // The size of a call that cannot be (overflow, beyond PTRDIFF_MAX).
    void (*bad_size)(const call& how, size_t count);
    bool (*sample)();
    // Before realloc copies: false after a report when it is no live object of malloc's.
    bool (*may_realloc)(const void* object, page_owner owner, call_kind kind);
    // What the caller may use: exactly what was asked for. 0 after a report when it is no live object.
    size_t (*usable_size)(const void* object, page_owner owner, const call& how);
};
extern const debug_table debug_functions;

// KSLAB_SAMPLE_GUARD: an allocation that misses its array asks sample() whether it is guarded.
extern bool debug_sampling;

// The union of all caches' flags, by KSLAB_DEBUG from boot on, by caches that the
// program makes so later; 0: debugging is off, and nothing else here is called.
extern relaxed<uint32_t> debug_flags;
// Flags of runs of their own (in filters: kmalloc-large).
extern uint32_t debug_large_flags;

}  // namespace kslab
