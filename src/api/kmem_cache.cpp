// Caches for users (include/kslab/kmem_cache.h).
#include "kslab/kmem_cache.h"

#include <errno.h>

#include <new>

#include "base/check.h"
#include "base/host.h"
#include "cache/node.h"
#include "debug/object/bad_calls.h"
#include "debug/object/quarantine.h"
#include "kmalloc/kmalloc.h"
#include "pages/meta_arena.h"
#include "thread/rcu.h"

// The header's struct is kslab's own, by another name.
static kslab::kmem_cache* of(::kmem_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

namespace kslab {

namespace {

constexpr unsigned long kKnownFlags = SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_DESTROY_BY_RCU;
constexpr unsigned long kPoisonFlag = 0x800;  // SLAB_POISON

// Null when the request is good.
const char* what_is_wrong(const cache_request& request, unsigned long flags) {
    if (request.name == nullptr || request.name[0] == '\0') return "a cache needs a name";
    if (request.size < sizeof(void*)) return "objects have at least 8 bytes";
    if (request.size > kMaxObjectSize) return "objects have at most 131072 bytes";
    if (request.align != 0 && !is_power_of_two(request.align)) return "the alignment is no power of two";
    if (request.align > kPageSize) return "the alignment is at most 4096";
    if ((flags & SLAB_DESTROY_BY_RCU) != 0 && (flags & kPoisonFlag) != 0)
        return "SLAB_POISON would overwrite what readers of type-stable memory look at";
    if ((flags & ~kKnownFlags) != 0) return "a flag is unknown";
    return nullptr;
}

struct ::kmem_cache* create_failed(const cache_request& request, const char* why, int error) {
    {
        report_line out;
        out->put("kmem_cache_create(").put(request.name == nullptr ? "null" : request.name).put(", ");
        out->dec(request.size).put(") failed: ").put(why);
    }
    if ((request.flags & kCachePanic) != 0) host_abort();
    errno = error;
    return nullptr;
}

size_t objects_out(kmem_cache* cache) {
    scoped_lock lock(cache->node.list_lock);
    return cache->node.num_objects - cache->node.free_objects;
}

// Either the object or the cache that it is said to be of may be under debugging.
bool debug_takes_free(kmem_cache* cache, void* object) {
    page_owner owner = owner_of(object);
    call how{.kind = call_kind::kmem_cache_free, .cache = cache};
    if (owner.none()) return debug_functions.bad_pointer(object, how);
    if (!under_debugging(owner)) return cache->debug != 0 && debug_functions.bad_pointer(object, how);
    debug_functions.free(object, owner, how);
    return true;
}

}  // namespace

}  // namespace kslab

extern "C" {

KSLAB_EXPORT struct kmem_cache* kmem_cache_create(const char* name, size_t size, size_t align,
                                                  unsigned long flags, void (*ctor)(void*)) {
    using namespace kslab;
    cache_request request{name, size, align, static_cast<unsigned>(flags), ctor, 0, 0};
    if (const char* why = what_is_wrong(request, flags)) return create_failed(request, why, EINVAL);
    boot();
    void* memory = metadata_allocate(sizeof(kslab::kmem_cache));
    if (memory == nullptr) return create_failed(request, "out of memory", ENOMEM);
    auto* cache = new (memory) kslab::kmem_cache{};
    if (!thread_assign_index(cache)) {
        metadata_free(memory, sizeof(kslab::kmem_cache));
        return create_failed(request, "there are 4095 caches", ENOSPC);
    }
    request.index = cache->index;
    if (debug_flags != 0) request.debug = cache_debug_flags(active_switches, request);
    cache_setup(cache, request);
    return reinterpret_cast<struct ::kmem_cache*>(cache);
}

KSLAB_EXPORT void* kmem_cache_alloc(struct kmem_cache* cache, gfp_t flags) {
    using namespace kslab;
    kslab::kmem_cache* c = of(cache);
    thread_cache* thread = current_thread;
    void* object = nullptr;
    if (KSLAB_LIKELY(c->index < thread->vector_size))
        if (array_cache* ac = thread->vector[c->index]) object = array_pop(ac, []() -> void* { return nullptr; });
    if (KSLAB_UNLIKELY(object == nullptr)) object = cache_alloc(c, c->object_size, call_kind::kmem_cache_alloc);
    if (KSLAB_UNLIKELY((flags & __GFP_ZERO) != 0) && object != nullptr)
        __builtin_memset(object, 0, c->object_size);
    return object;
}

KSLAB_EXPORT void kmem_cache_free(struct kmem_cache* cache, void* object) {
    using namespace kslab;
    if (object == nullptr) return;
    kslab::kmem_cache* c = of(cache);
    thread_cache* thread = current_thread;
    if (KSLAB_LIKELY(c->index < thread->vector_size))
        if (array_cache* ac = thread->vector[c->index])
            if (KSLAB_LIKELY(array_push(ac, object))) return;
    if (KSLAB_UNLIKELY(debug_flags != 0) && debug_takes_free(c, object)) return;
    cache_free(c, object);
}

KSLAB_EXPORT void kmem_cache_destroy(struct kmem_cache* cache) {
    using namespace kslab;
    if (cache == nullptr) return;
    kslab::kmem_cache* c = of(cache);
    if ((c->flags & kCacheDestroyByRcu) != 0) rcu_check_outside("kmem_cache_destroy of type-stable memory");
    // Off the chain first: reaping and trimming hold objects of a cache for moments, which would look like use.
    cache_chain_remove(c);
    drain_all_arrays_of(c);
    if (c->debug != 0) quarantine_drain();
    if (!cache_shrink_node(c) || (c->debug != 0 && live_objects_of(c) != 0)) {
        cache_chain_add(c);
        if (c->debug != 0) return report_objects_remaining(c);
        report_line()->put("kmem_cache_destroy ").put(c->name).put(": ").dec(objects_out(c)).put(
            " objects are still in use; the cache stays");
        return;
    }
    // A reader that began before may look at any object of this cache until it is done.
    if ((c->flags & kCacheDestroyByRcu) != 0) rcu_drain_deferred(c);
    thread_release_index(c);
    cache_release_shared(c);
    metadata_free(c, sizeof(kslab::kmem_cache));
}

KSLAB_EXPORT unsigned int kmem_cache_size(struct kmem_cache* cache) { return of(cache)->object_size; }

}  // extern "C"
