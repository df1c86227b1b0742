// Sharing: a cache that is asked for may be served by a like one that exists (find_mergeable, Linux 3.18), which then
// goes by another name, an alias, as well. Guarded by cache_chain_lock.
//
// Never with malloc's classes. Debugging and KSLAB_NOMERGE=1 keep caches apart.
#include "base/format.h"
#include "cache/kmem_cache.h"
#include "pages/meta_arena.h"

namespace kslab {

namespace {

// SLAB_NEVER_MERGE and SLAB_MERGE_SAME of the kernel, with kslab's other flags.
constexpr unsigned long kNeverMerge = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE |
                                      SLAB_DESTROY_BY_RCU | SLAB_NOLEAKTRACE | SLAB_FAILSLAB | SLAB_DEBUG_INITIAL |
                                      SLAB_NO_MERGE | kCacheGeneral;
constexpr unsigned long kMergeSame =
    SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_NOTRACK | SLAB_ACCOUNT | SLAB_MEM_SPREAD;

bool constructs(const cache_request& request) {
    return request.ctor != nullptr || request.ctor_2_6 != nullptr || request.dtor != nullptr;
}

// Whether `cache` could serve the request if neither were under debugging.
bool like(const kmem_cache* cache, const cache_request& request, const object_spacing& wanted) {
    if (cache->root != nullptr || ((cache->flags | request.flags) & kNeverMerge) != 0) return false;
    if (cache->constructs() || cache->dtor != nullptr || constructs(request)) return false;
    if (((cache->flags ^ request.flags) & kMergeSame) != 0) return false;
    if (cache->plain_size < wanted.size || cache->plain_size - wanted.size >= sizeof(void*)) return false;
    return cache->plain_size % wanted.align == 0 && wanted.align <= cache->plain_align;
}

// Its name, or that of one of its aliases.
bool is_named(const kmem_cache* cache, const char* name) {
    if (strings_equal(cache->name, name)) return true;
    for (const cache_alias* alias = cache->alias; alias != nullptr; alias = alias->next)
        if (strings_equal(alias->name, name)) return true;
    return false;
}

// Among caches that somebody uses: one without users is about to be destroyed.
template <typename F>
kmem_cache* find_locked(F fits) {
    for (list_head* at = cache_chain.next; at != &cache_chain; at = at->next) {
        kmem_cache* cache = KSLAB_CONTAINER_OF(at, kmem_cache, chain);
        if (cache->refcount > 0 && fits(cache)) return cache;
    }
    return nullptr;
}

// A cache that certainly has that name and is not like the one that is wanted.
bool is_duplicate_locked(const cache_request& request, const object_spacing& wanted) {
    char name[kCacheNameBytes];
    copy_cache_name(name, request.name);
    return find_locked([&](const kmem_cache* cache) {
               return cache->root == nullptr && !cache->lost_users && is_named(cache, name) &&
                      !(cache_settings.merge && like(cache, request, wanted));
           }) != nullptr;
}

bool add_user_locked(kmem_cache* cache, const cache_request& request) {
    auto* alias = static_cast<cache_alias*>(metadata_allocate(sizeof(cache_alias)));
    if (alias == nullptr) return false;
    copy_cache_name(alias->name, request.name);
    alias->next = cache->alias;
    cache->alias = alias;
    cache->refcount++;
    if (request.size > cache->object_size) cache->object_size = static_cast<uint32_t>(request.size);
    return true;
}

}  // namespace

kmem_cache* cache_find_mergeable(const cache_request& request, bool& duplicate) {
    object_spacing wanted = space_objects(request, 0);
    scoped_lock lock(cache_chain_lock);
    duplicate = is_duplicate_locked(request, wanted);
    if (duplicate || !cache_settings.merge || request.debug != 0) return nullptr;
    kmem_cache* found = find_locked([&](const kmem_cache* cache) {
        return cache->debug == 0 && like(cache, request, wanted);
    });
    return found != nullptr && add_user_locked(found, request) ? found : nullptr;
}

bool cache_chain_add_new(kmem_cache* cache, const cache_request& request) {
    object_spacing wanted = space_objects(request, 0);
    scoped_lock lock(cache_chain_lock);
    if (is_duplicate_locked(request, wanted)) return false;
    cache->pins = 0;
    cache_chain.add_tail(&cache->chain);
    return true;
}

bool cache_drop_user(kmem_cache* cache) {
    scoped_lock lock(cache_chain_lock);
    if (--cache->refcount > 0) {
        // Which of the names goes is not known: the pointer is the same for all. The newest does.
        cache->lost_users = true;
        if (cache_alias* alias = cache->alias) {
            cache->alias = alias->next;
            metadata_free(alias, sizeof(cache_alias));
        }
        return false;
    }
    return true;
}

size_t cache_copy_aliases(const kmem_cache* cache, char (*names)[kCacheNameBytes], size_t most) {
    scoped_lock lock(cache_chain_lock);
    size_t count = 0;
    for (const cache_alias* alias = cache->alias; alias != nullptr; alias = alias->next, count++)
        if (count < most) copy_cache_name(names[count], alias->name);
    return count;
}

}  // namespace kslab
