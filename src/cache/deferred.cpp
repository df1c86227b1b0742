#include "cache/deferred.h"

#include "cache/node.h"
#include "pages/run.h"

namespace kslab {

constinit mutex deferred_lock{lock_rank::deferred};
constinit relaxed<size_t> deferred_pages;
constinit relaxed<size_t> deferred_slabs;

namespace {

// deferred_lock. They become lists when the first slab comes.
struct {
    bool ready;
    list_head open, waiting;
} slabs;

void make_ready() {
    if (slabs.ready) return;
    slabs.open.init();
    slabs.waiting.init();
    slabs.ready = true;
}

void count_locked(const slab* s, size_t change) {
    s->cache->deferred += change;
    deferred_slabs += change;
    deferred_pages += change * s->pages->pages;
}

slab* first_waiting() {
    scoped_lock lock(deferred_lock);
    if (!slabs.ready || slabs.waiting.empty()) return nullptr;
    slab* s = KSLAB_CONTAINER_OF(slabs.waiting.next, slab, list);
    list_head::del(&s->list);
    return s;
}

template <typename F>
void for_each_locked(F visit) {
    if (!slabs.ready) return;
    for (list_head* list : {&slabs.waiting, &slabs.open})
        for (list_head* at = list->next; at != list; at = at->next) visit(KSLAB_CONTAINER_OF(at, slab, list));
}

}  // namespace

void slab_defer(slab* s) {
    scoped_lock lock(deferred_lock);
    make_ready();
    slabs.open.add_tail(&s->list);
    count_locked(s, 1);
}

bool deferred_close_batch() {
    scoped_lock lock(deferred_lock);
    if (!slabs.ready || !slabs.waiting.empty() || slabs.open.empty()) return false;
    slabs.open.next->prev = &slabs.waiting;
    slabs.open.prev->next = &slabs.waiting;
    slabs.waiting = slabs.open;
    slabs.open.init();
    return true;
}

void deferred_release_batch() {
    while (slab* s = first_waiting()) {
        kmem_cache* cache = s->cache;
        size_t pages = s->pages->pages;
        slab_release(s);
        // Last, because it may be what the destruction of the cache waits for.
        scoped_lock lock(deferred_lock);
        deferred_slabs -= 1;
        deferred_pages -= pages;
        cache->deferred--;
    }
}

size_t deferred_slabs_of(const kmem_cache* cache) {
    scoped_lock lock(deferred_lock);
    return cache->deferred;
}

void deferred_after_fork() {
    for_each_cache([](kmem_cache* cache) { cache->deferred = 0; });
    scoped_lock lock(deferred_lock);
    deferred_slabs = 0;
    deferred_pages = 0;
    for_each_locked([](const slab* s) { s->cache->deferred = 0; });
    for_each_locked([](const slab* s) { count_locked(s, 1); });
}

void for_each_deferred(void (*visit)(const slab* s, void* context), void* context) {
    scoped_lock lock(deferred_lock);
    for_each_locked([=](const slab* s) { visit(s, context); });
}

}  // namespace kslab
