// Runs that are one object under debugging each: large ones and guarded ones.
#pragma once
#include "check/place.h"
#include "pages/run.h"

namespace kslab {

place place_of_run(run* r);

// Behind what the record says: another thread's bad pointer may lead to it at once, without a lock.
inline void set_record_of(run* r, object_record* record) { __atomic_store_n(&r->record, record, __ATOMIC_RELEASE); }

// How records of runs name the cache that was asked for the object; null: none, it is too large for any.
uint16_t number_of_cache(const kmem_cache* cache);
const kmem_cache* cache_of_number(uint16_t number);

// On and off the list that for_each_place walks. The record is set before, and cleared behind. False: memory is short.
bool debug_run_add(run* r);
void debug_run_remove(run* r);

}  // namespace kslab
