// Changing the limits of a cache's arrays while the program runs, as by a write to /proc/slabinfo.
#pragma once
#include "cache/kmem_cache.h"

namespace kslab {

// The largest limit that arrays of the cache can have: the slot of a size class has room for no more.
unsigned tune_capacity(const kmem_cache* cache);
// The most objects that a shared array holds: batchcount times the factor.
inline constexpr unsigned kMostShared = 0xffff;

// 0, or an errno, and nothing has changed: EINVAL when the numbers are not 1 <= batchcount <= limit <= tune_capacity
// and batchcount * shared <= kMostShared, ENOMEM. Any thread; the cache is pinned or in use. Arrays that exist obey
// when their threads next come along.
int cache_tune(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned shared);

}  // namespace kslab
