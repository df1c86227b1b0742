// Slabs of caches with SLAB_DESTROY_BY_RCU on their way out. A reader in a section may still hold pointers to their
// objects, so slab_destroy puts them here, and their pages stay what they are until a grace period has passed.
//
//   deferred_slabs.open     → since the last batch was closed
//   deferred_slabs.waiting  → the batch whose grace period runs (thread/rcu.cpp says when it is over)
//
// A deferred slab is on no list of its node and counts nowhere there; all its objects are free, its pages map to it.
#pragma once
#include "cache/kmem_cache.h"

namespace kslab {

extern mutex deferred_lock;

// Written with the lock.
extern relaxed<size_t> deferred_pages;
extern relaxed<size_t> deferred_slabs;

// Takes a slab that is on no list.
void slab_defer(slab* s);

// What was deferred so far becomes the batch that waits. False: there is nothing, or another batch waits.
bool deferred_close_batch();

// The grace period of the batch that waits is over. One caller at a time, which is also the one that closes batches.
void deferred_release_batch();

// How many slabs of the cache wait.
size_t deferred_slabs_of(const kmem_cache* cache);

// In the child of a fork: a slab that a thread which does not exist here was about to release is lost.
void deferred_after_fork();

// Visits all with the lock held.
void for_each_deferred(void (*visit)(const slab* s, void* context), void* context);

}  // namespace kslab
