#include "thread/tune.h"

#include <errno.h>

#include "cache/group.h"
#include "cache/node.h"
#include "config/size_classes.h"
#include "thread/thread.h"

namespace kslab {

namespace {

// Arrays of users' caches are made to measure; this is what one may take of a thread's memory.
constexpr unsigned kMostLimit = 8192;

bool tune_one(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned shared) {
    {
        scoped_lock lock(tuning_lock);
        if (!cache_set_tunables(cache, limit, batchcount, shared)) return false;
        cache->tuned = true;
    }
    ask_to_drain(cache);
    drain_this_thread(cache);
    return true;
}

}  // namespace

unsigned tune_capacity(const kmem_cache* cache) {
    return cache->slot != 0 ? most_in_array(cache->size, cache->flags) : kMostLimit;
}

int cache_tune(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned shared) {
    if (limit > tune_capacity(cache) || batchcount < 1 || batchcount > limit) return EINVAL;
    if (shared > kMostShared / batchcount) return EINVAL;
    if (!tune_one(cache, limit, batchcount, shared)) return ENOMEM;
    bool all = true;
    for_each_child(cache, [&](kmem_cache* child) { all = tune_one(child, limit, batchcount, shared) && all; });
    return all ? 0 : ENOMEM;
}

}  // namespace kslab
