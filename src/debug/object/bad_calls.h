// Calls that a correct program does not make: frees of what is no live object, or by the wrong call.
#pragma once
#include "debug/report/finding.h"

namespace kslab {

struct bad_call {
    bool wrong = false;
    bool fatal = false;  // it cannot be honoured: nothing is freed
    defect what = defect::invalid_free;
};

// What is wrong with freeing `object`, which lies in `p`. With the object's lock.
bad_call judge_free(const place& p, const void* object, const call& how);

// The finding has the object already.
void report_bad_call(finding_lease& f, const place& p, const bad_call& bad, const void* object, const call& how);

// Damage of redzones or poison: what was found is copied with the lock held, and repaired; it is reported without.
void note_damage(finding_lease& f, const place& p, const damage& d);
// With the stack of the call that found it, when that concerns this object.
void report_damage(finding_lease& f, const char* found_by, bool with_stack);

// kmem_cache_destroy of a cache whose objects are in use: the first of them, and how many.
void report_objects_remaining(const kmem_cache* cache);
// Guarded objects are in no slab of their cache: kmem_cache_destroy asks here.
size_t live_objects_of(const kmem_cache* cache);

// Functions of the table.
bool debug_bad_pointer(const void* pointer, const call& how);
void debug_bad_size(const call& how, size_t count);
size_t debug_usable_size(const void* object, page_owner owner, const call& how);
bool debug_may_realloc(const void* object, page_owner owner, call_kind kind);

}  // namespace kslab
