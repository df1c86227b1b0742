#include "thread/tune.h"

#include <errno.h>

#include "config/size_classes.h"

namespace kslab {

namespace {

// Arrays of users' caches are made to measure; this is what one may take of a thread's memory.
constexpr unsigned kMostLimit = 8192;

}  // namespace

unsigned tune_capacity(const kmem_cache* cache) {
    return (cache->flags & kCacheGeneral) != 0 ? array_limit(cache->size) : kMostLimit;
}

int cache_tune(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned shared) {
    if (limit > tune_capacity(cache) || batchcount < 1 || batchcount > limit) return EINVAL;
    if (shared > kMostShared / batchcount) return EINVAL;
    cache->limit = static_cast<uint16_t>(limit);
    cache->batchcount = static_cast<uint16_t>(batchcount);
    cache->shared_factor = static_cast<uint16_t>(shared);
    return 0;
}

}  // namespace kslab
