// Objects under debugging: from any address to its place, walking them all, and their locks.
//
// An object goes fresh → live → quarantined → free → live …; a run of its own ends instead of becoming free. Its
// record changes with the object's lock. Reports are made with no lock held, from a copy.
#pragma once
#include "base/mutex.h"
#include "check/debug_table.h"
#include "check/place.h"

namespace kslab {

// The place that holds `address` (object, redzone or guard page); false when none does. Any address may be asked for.
// The record may change meanwhile.
bool find_place(const void* address, place& out);
// The same where the owner of the address's page is known.
bool place_of_owner(const void* address, page_owner owner, place& out);

// The nearest place at or before, or at or behind `address`, within `within` bytes; for accesses that hit neither.
bool nearest_place(const void* address, size_t within, place& out);

// Visits all places, in any state, with locks held: the visitor neither reports nor allocates.
void for_each_place(void (*visit)(const place& p, void* context), void* context);

// The object's bytes cannot be read: it is guarded and freed.
bool place_is_hidden(const place& p);

// Holds the lock of the object that begins at `begin`: one of a few, by address.
class object_lock {
public:
    explicit object_lock(const void* begin);
    ~object_lock();
    object_lock(const object_lock&) = delete;
    object_lock& operator=(const object_lock&) = delete;

private:
    mutex& mutex_;
    bool held_;
};

// Checks an object where it stands, with its lock held or the process stopped: redzones when in use, also poison
// when free.
damage check_where_it_stands(const place& p);

// Takes a freed object out of quarantine: the last look at its poison, then its memory is free for others.
void object_release(void* begin);

// Runs under debugging, linked by run::bin.
extern mutex debug_runs_lock;

// For fork: all stripes.
inline constexpr unsigned kObjectLocks = 64;
mutex& object_lock_at(unsigned index);

// How many forks deep this process is (object_record::epoch).
extern uint16_t process_epoch;

// The thread's id, without a system call where it is known. In the child of a fork it is asked for again.
uint32_t this_thread_id();
void forget_thread_id();

// The time of tracks: milliseconds, 0 where there is no clock.
uint32_t debug_clock();

// Functions of the table (check/debug_table.h).
void* debug_allocate(kmem_cache* cache, const call& how);
void debug_free(void* object, page_owner owner, const call& how);

}  // namespace kslab
