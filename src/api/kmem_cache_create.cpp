// Making and destroying caches (include/kslab/kmem_cache.h).
#include <errno.h>

#include <new>

#include "base/check.h"
#include "base/host.h"
#include "cache/node.h"
#include "config/excerpt.h"
#include "debug/object/bad_calls.h"
#include "debug/object/quarantine.h"
#include "kmalloc/groups.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "pages/meta_arena.h"
#include "thread/rcu.h"

namespace kslab {

namespace {

constexpr unsigned long kDebugFlags = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE | SLAB_FAILSLAB;
// CREATE_MASK of the kernel.
constexpr unsigned long kKnownFlags = kDebugFlags | SLAB_DEBUG_INITIAL | SLAB_HWCACHE_ALIGN |
                                      SLAB_MUST_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_RECLAIM_ACCOUNT | SLAB_PANIC |
                                      SLAB_DESTROY_BY_RCU | SLAB_MEM_SPREAD | SLAB_NOLEAKTRACE | SLAB_NOTRACK |
                                      SLAB_ACCOUNT | SLAB_NO_MERGE;

// Null when the request is good.
const char* what_is_wrong(const cache_request& request) {
    if (request.name == nullptr || request.name[0] == '\0') return "a cache needs a name";
    if (request.size < sizeof(void*)) return "objects have at least 8 bytes";
    if (request.size > kMaxObjectSize) return "objects have at most 131072 bytes";
    if (request.align != 0 && !is_power_of_two(request.align)) return "the alignment is no power of two";
    if (request.align > kPageSize) return "the alignment is at most 4096";
    if ((request.flags & ~kKnownFlags) != 0) return "a flag is unknown";
    if (request.dtor != nullptr && request.ctor_2_6 == nullptr) return "a destructor needs a constructor";
    if ((request.flags & SLAB_DESTROY_BY_RCU) != 0 && (request.flags & SLAB_POISON) != 0)
        return "SLAB_POISON would overwrite what readers of type-stable memory look at";
    return nullptr;
}

struct ::kmem_cache* create_failed(const cache_request& request, const char* why, int error) {
    {
        report_line out;
        put_excerpt(out->put("kmem_cache_create("), request.name == nullptr ? "null" : request.name).put(", ");
        out->dec(request.size).put(") failed: ").put(why);
    }
    if ((request.flags & SLAB_PANIC) != 0) host_abort();
    errno = error;
    return nullptr;
}

// What is odd, but no reason to refuse.
void warn(cache_request& request) {
    for (const char* letter = request.name; *letter != '\0'; letter++)
        if (static_cast<unsigned char>(*letter) <= ' ') {
            report_line out;
            put_excerpt(out->put("kmem_cache_create("), request.name)
                .put("): the name has a blank, which readers of slabinfo stumble over");
            break;
        }
    if ((request.flags & SLAB_DEBUG_INITIAL) == 0 || request.ctor_2_6 != nullptr) return;
    report_line out;
    put_excerpt(out->put("kmem_cache_create("), request.name)
        .put("): no constructor of Linux 2.6, but SLAB_DEBUG_INITIAL; the flag is dropped");
    request.flags &= ~SLAB_DEBUG_INITIAL;
}

// What the cache's own flags and KSLAB_DEBUG ask for together.
uint32_t debug_flags_of(const cache_request& request) {
    uint32_t own = 0;
    if ((request.flags & SLAB_RED_ZONE) != 0) own |= kDebugRedzone;
    if ((request.flags & SLAB_POISON) != 0) own |= kDebugPoison;
    if ((request.flags & SLAB_STORE_USER) != 0) own |= kDebugTrack;
    if ((request.flags & SLAB_TRACE) != 0) own |= kDebugTrace;
    if ((request.flags & SLAB_FAILSLAB) != 0) own |= kDebugFail;
    if (own != 0) debug_functions.enable(own);
    return own | (debug_flags != 0 ? cache_debug_flags(active_switches, request) : 0);
}

void discard(kmem_cache* cache) {
    cache_release_records(cache);
    thread_release_index(cache);
    metadata_free(cache, sizeof(kmem_cache));
}

enum class made { yes, no_memory, no_index, duplicate };

made make_cache(const cache_request& request, kmem_cache*& cache) {
    void* memory = metadata_allocate(sizeof(kmem_cache));
    if (memory == nullptr) return made::no_memory;
    cache = new (memory) kmem_cache{};
    if (!thread_assign_index(cache)) return metadata_free(memory, sizeof(kmem_cache)), made::no_index;
    if (!cache_setup(cache, request)) return discard(cache), made::no_memory;
    if (!cache_chain_add_new(cache, request)) return discard(cache), made::duplicate;
    return made::yes;
}

struct ::kmem_cache* create(cache_request request) {
    if (const char* why = what_is_wrong(request)) return create_failed(request, why, EINVAL);
    boot();
    warn(request);
    request.debug = debug_flags_of(request);
    for (;;) {
        bool duplicate;
        if (kmem_cache* shared = cache_find_mergeable(request, duplicate))
            return reinterpret_cast<struct ::kmem_cache*>(shared);
        if (duplicate) return create_failed(request, "there is another cache of that name", EINVAL);
        kmem_cache* cache = nullptr;
        switch (make_cache(request, cache)) {
            case made::yes: return reinterpret_cast<struct ::kmem_cache*>(cache);
            case made::no_memory: return create_failed(request, "out of memory", ENOMEM);
            case made::no_index: return create_failed(request, "there are 4095 caches", ENOSPC);
            case made::duplicate: continue;  // another thread was faster: its cache may do
        }
    }
}

void destroy(kmem_cache* cache) {
    bool type_stable = (cache->flags & SLAB_DESTROY_BY_RCU) != 0;
    if (type_stable) rcu_check_outside("kmem_cache_destroy of type-stable memory");
    // Off the chain first: reaping and trimming hold objects of a cache for moments, which would look like use.
    cache_chain_remove(cache);
    size_t of_groups = destroy_children_of(cache);
    drain_all_arrays_of(cache);
    if (cache->debug != 0) quarantine_drain();
    if (cache_shrink_node(cache) && of_groups == 0 && (cache->debug == 0 || live_objects_of(cache) == 0)) {
        // A reader that began before may look at any object of this cache until it is done.
        if (type_stable) rcu_drain_deferred(cache);
        return discard(cache);
    }
    cache_chain_add(cache);
    if (cache->debug != 0)
        report_objects_remaining(cache);
    else
        report_line()->put("kmem_cache_destroy ").put(cache->name).put(": ").dec(objects_out(cache) + of_groups).put(
            " objects are still in use; the cache stays");
    errno = EBUSY;
}

}  // namespace

}  // namespace kslab

extern "C" {

KSLAB_EXPORT struct kmem_cache* kmem_cache_create(const char* name, size_t size, size_t align,
                                                  unsigned long flags, void (*ctor)(void*)) {
    return kslab::create({.name = name, .size = size, .align = align, .flags = flags, .ctor = ctor});
}

KSLAB_EXPORT struct kmem_cache* kmem_cache_create_dtor(const char* name, size_t size, size_t align,
                                                       unsigned long flags, kslab::legacy_ctor ctor,
                                                       kslab::legacy_ctor dtor) {
    return kslab::create(
        {.name = name, .size = size, .align = align, .flags = flags, .ctor_2_6 = ctor, .dtor = dtor});
}

KSLAB_EXPORT void kmem_cache_destroy(struct kmem_cache* cache) {
    auto* c = reinterpret_cast<kslab::kmem_cache*>(cache);
    if (c == nullptr) return;
    if (KSLAB_UNLIKELY((c->flags & kslab::kCacheGeneral) != 0)) {
        kslab::report_line()->put("kmem_cache_destroy ").put(c->name).put(": it is kmalloc's; the cache stays");
        errno = EBUSY;
    } else if (kslab::cache_drop_user(c)) {
        kslab::destroy(c);
    }
}

}  // extern "C"
