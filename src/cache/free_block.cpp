// Objects return to their slabs. Here every free is proved for nothing: the page map says which slab the
// object belongs to, exact division that it is the start of an object, the bitmap that it was in use.
#include "base/check.h"
#include "cache/bad_free.h"
#include "cache/node.h"
#include "pages/page_map.h"

namespace kslab {

namespace {

// Resolved before the lock is taken, so that cache misses on cold descriptors overlap and nobody waits.
constexpr unsigned kGroup = 30;

struct resolved {
    slab* of[kGroup];
    uint32_t index[kGroup];
};

void resolve(const kmem_cache* cache, void* const* objects, unsigned count, resolved& to) {
    uintptr_t page = ~uintptr_t{0};
    for (unsigned i = 0; i < count; i++) {
        // Objects that were allocated together tend to lie, and to be freed, together.
        uintptr_t page_of_this = reinterpret_cast<uintptr_t>(objects[i]) >> kPageShift;
        if (page_of_this == page) {
            to.of[i] = to.of[i - 1];
            continue;
        }
        page = page_of_this;
        to.of[i] = page_owner_of(objects[i]).slab();
        if (KSLAB_LIKELY(to.of[i] != nullptr)) __builtin_prefetch(to.of[i], 1);
    }
    for (unsigned i = 0; i < count; i++) {
        slab* s = to.of[i];
        if (KSLAB_UNLIKELY(s == nullptr)) report_bad_free(bad_free::not_ours, objects[i], cache);
        if (KSLAB_UNLIKELY(s->cache != cache)) report_bad_free(bad_free::wrong_cache, objects[i], cache);
        to.index[i] = obj_to_index(s, objects[i], cache->size, cache->reciprocal);
        if (KSLAB_UNLIKELY(to.index[i] == kNoIndex)) report_bad_free(bad_free::interior, objects[i], cache);
    }
}

// A slab whose objects have a destructor only becomes free here: the caller may hold a lock, and destructors are the
// program's. Reaping and shrinking destroy it.
void move_to_list(cache_node& node, slab* s, list_head& destroyed) {
    if (s->inuse == 0 && node.free_objects > node.free_limit && s->cache->dtor == nullptr) {
        slab_unlink(node, s);
        return destroyed.add(&s->list);
    }
    // Partial slabs at the tail: the longest time for their other objects to be freed.
    slab_place(node, s, s->inuse == 0 ? list_end::head : list_end::tail);
}

// Returns objects from `from` on, as far as they are of the same node. The number returned so far: less than
// `count`, and the next object of that node, when one was free already.
unsigned put_group(cache_node& node, const resolved& what, unsigned from, unsigned count, list_head& destroyed) {
    for (unsigned i = from; i < count;) {
        slab* s = what.of[i];
        if (KSLAB_UNLIKELY(s->node != node.id)) return i;
        unsigned together = 1;
        while (i + together < count && what.of[i + together] == s) together++;
        bool was_full = s->inuse == s->num;
        unsigned put = slab_put_objs(s, &what.index[i], together);
        node.free_objects += put;
        if (put > 0 && (s->inuse == 0 || was_full)) move_to_list(node, s, destroyed);
        i += put;
        if (KSLAB_UNLIKELY(put < together)) return i;
    }
    return count;
}

}  // namespace

void free_block(kmem_cache* cache, void* const* objects, unsigned count) {
    list_head destroyed;
    destroyed.init();
    while (count > 0) {
        unsigned group = count < kGroup ? count : kGroup;
        resolved what;
        resolve(cache, objects, group, what);
        for (unsigned returned = 0; returned < group;) {
            cache_node& node = cache->at(what.of[returned]->node);
            {
                scoped_lock lock(node.list_lock);
                returned = put_group(node, what, returned, group, destroyed);
            }
            if (KSLAB_UNLIKELY(returned < group && what.of[returned]->node == node.id))
                report_bad_free(bad_free::twice, objects[returned], cache);
        }
        objects += group;
        count -= group;
    }
    slabs_destroy(destroyed);
}

}  // namespace kslab
