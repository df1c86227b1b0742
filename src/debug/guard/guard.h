// Guarded places (G): runs of their own with an inaccessible page behind the object's end (or before its start,
// KSLAB_GUARD), wholly inaccessible once freed. MADV_GUARD_INSTALL where the kernel has it (Linux 6.13), mprotect
// within a budget of mappings elsewhere.
#pragma once
#include "base/mutex.h"
#include "check/place.h"

namespace kslab {

void guard_boot();

// A guarded place for `size` bytes aligned to `align`; record->offset and requested are set, state is fresh. False:
// the budget (KSLAB_GUARD_MEMORY, mappings) is used up, or memory is short, or the system refuses; counted for the
// summary.
bool guard_allocate(size_t size, size_t align, object_record& record, place& out);

// The object's bytes become inaccessible and their memory goes back; its address space stays until guard_release.
void guard_hide(const place& p);
// After quarantine: the run is free again.
void guard_release(const place& p);

// Runs that wait, inaccessible, for their next object hold address space, and with mprotect mappings: all of it goes
// back. How many runs it was.
size_t guard_drain();

// Whether `address` lies in an inaccessible page of a guarded run.
bool guard_covers(const void* address, place& out);

// KSLAB_GUARD_SITE let an object pass without a guard: it counts as refused.
void guard_note_passed();

struct guard_stats {
    size_t objects;      // guarded now, the freed that wait in quarantine included
    size_t bytes;        // resident for them
    size_t refused;      // allocations that got redzones instead
    bool cheap;          // MADV_GUARD_INSTALL works
};
guard_stats guard_read_stats();

// True for one allocation in about KSLAB_SAMPLE_GUARD of those that miss their array; false when that is off.
bool guard_sample();

extern mutex guard_lock;

}  // namespace kslab
