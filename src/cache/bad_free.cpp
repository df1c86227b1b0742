#include "cache/bad_free.h"

#include "base/check.h"
#include "base/host.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

void describe_object(text& out, const slab* s, const void* object) {
    const kmem_cache* cache = s->cache;
    out.put(" of ").put(cache->name).put(", objects of ").dec(cache->object_size).put(" bytes");
    if (object < s->s_mem) return;
    size_t offset = static_cast<size_t>(static_cast<const char*>(object) - s->s_mem) % cache->size;
    if (offset != 0)
        out.put(", ").dec(offset).put(" bytes into the object at ").ptr(static_cast<const char*>(object) - offset);
}

const char* headline(bad_free what, const kmem_cache* owner) {
    switch (what) {
        case bad_free::twice: return "double free";
        case bad_free::interior: return "free of a pointer that is not the start of an object";
        case bad_free::wrong_cache:
            // Without kmem_cache_free: the slab is another cache's by now, so the object was free before.
            return owner != nullptr && owner->slot != 0 ? "double free of memory that serves another cache by now"
                                                        : "kmem_cache_free of an object of another cache";
        case bad_free::not_ours: return "free of a pointer that was not allocated";
        case bad_free::freed_pages: return "free of a pointer into memory that was freed before";
        case bad_free::inside_run: return "free of a pointer into the middle of a large allocation";
    }
    return "bad free";
}

}  // namespace

void report_bad_free(bad_free what, const void* object, const kmem_cache* owner) {
    run_state state;
    if (what == bad_free::not_ours && page_allocator::covers(object, state))
        what = state == run_state::used ? bad_free::inside_run : bad_free::freed_pages;
    {
        report_line out;
        out->put(headline(what, owner)).put(": ").ptr(object);
        if (const slab* s = page_owner_of(object).slab()) describe_object(*out.operator->(), s, object);
        if (what == bad_free::wrong_cache && owner != nullptr) out->put(", not of ").put(owner->name);
        out->put(" (KSLAB_DEBUG=1 shows the stacks)");
    }
    // Locks that this thread may hold here must not stop a SIGABRT handler that allocates or forks.
    fork_owner.store(host_thread_token(), std::memory_order_relaxed);
    host_abort();
}

void report_bad_return(const void* object, const kmem_cache* cache) {
    const slab* s = page_owner_of(object).slab();
    if (s == nullptr) report_bad_free(bad_free::not_ours, object, cache);
    if (s->cache != cache) report_bad_free(bad_free::wrong_cache, object, cache);
    bool inside = obj_to_index(s, object, cache->size, cache->reciprocal) == kNoIndex;
    report_bad_free(inside ? bad_free::interior : bad_free::twice, object, cache);
}

}  // namespace kslab
