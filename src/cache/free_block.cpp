// Objects return to their slabs. Here every free is proved for nothing: the page map says which slab the
// object belongs to, exact division that it is the start of an object, the bitmap that it was in use.
#include "base/check.h"
#include "base/pointer_pair.h"
#include "cache/bad_free.h"
#include "cache/node.h"
#include "config/size_classes.h"
#include "pages/page_map.h"

namespace kslab {

namespace {

// Fewer side by side are put one by one as quickly.
constexpr unsigned kLeastContiguous = 4;

// Found before the lock is taken, so that cache misses on cold descriptors overlap and nobody waits. Neighbours in the
// array that are of one slab, as objects that were allocated together tend to be, are a row.
struct row {
    slab* of;
    unsigned from;  // in what comes back
    unsigned end;
};

slab* slab_of(const kmem_cache* cache, const void* object) {
    slab* s = page_owner_inline(object).slab();
    if (KSLAB_UNLIKELY(s == nullptr)) report_bad_return(object, cache);
    __builtin_prefetch(s, 1);
    return s;
}

// How many rows.
unsigned find_rows(const kmem_cache* cache, void* const* objects, unsigned count, row* to) {
    unsigned rows = 0;
    uintptr_t page = ~uintptr_t{0};
    for (unsigned i = 0; i < count; i++) {
        uintptr_t page_of_this = reinterpret_cast<uintptr_t>(objects[i]) >> kPageShift;
        if (page_of_this == page) continue;
        page = page_of_this;
        slab* s = slab_of(cache, objects[i]);
        if (rows > 0 && to[rows - 1].of == s) continue;
        if (rows > 0) to[rows - 1].end = i;
        to[rows++] = {s, i, count};
    }
    return rows;
}

// A slab whose objects have a destructor only becomes free here: the caller may hold a lock, and destructors are the
// program's. Reaping and shrinking destroy it.
void move_to_list(cache_node& node, slab* s, list_head& destroyed) {
    size_t may_stay = straight_to_pages(s->cache) ? kWholePagesFreeAlone / s->cache->size : size_t{node.free_limit};
    bool enough = node.free_objects > may_stay;
    if (s->inuse == 0 && enough && s->cache->dtor == nullptr) {
        slab_unlink_locked(node, s);
        return destroyed.add(&s->list);
    }
    // Partial slabs at the tail: the longest time for their other objects to be freed.
    slab_place_locked(node, s, s->inuse == 0 ? list_end::head : list_end::tail);
}

void note_returned(cache_node& node, slab* s, bool was_full, unsigned put, list_head& destroyed) {
    node.free_objects += put;
    if (s->inuse == 0 || was_full) move_to_list(node, s, destroyed);
}

unsigned put_one(slab* s, void* object, uint32_t size, uint32_t reciprocal) {
    uint32_t index = obj_to_index(s, object, size, reciprocal);
    return KSLAB_LIKELY(index != kNoIndex) && slab_put_obj(s, index) ? 1 : 0;
}

// Null, or the object that was free already, or is none.
const void* put_row(kmem_cache* cache, cache_node& node, const row& r, void* const* objects, list_head& destroyed) {
    slab* s = r.of;
    bool was_full = s->inuse == s->num;
    unsigned count = r.end - r.from;
    void* const* from = objects + r.from;
    unsigned put = count == 1 ? put_one(s, *from, cache->size, cache->reciprocal)
                              : slab_put_objs(s, from, count, cache->size, cache->reciprocal);
    if (put > 0) note_returned(node, s, was_full, put, destroyed);
    return KSLAB_LIKELY(put == count) ? nullptr : from[put];
}

// Of pointers that may be wrong: nothing here overflows.
uintptr_t step_to(void* const* object) {
    return reinterpret_cast<uintptr_t>(object[0]) - reinterpret_cast<uintptr_t>(object[-1]);
}

// How many objects lie side by side, up or down, from the first on, as those do that were allocated and freed in order: eight at
// a time, and one by one from the eight in which that ends.
unsigned side_by_side(void* const* objects, unsigned count, size_t size) {
    if (count < kLeastContiguous) return 0;
    uintptr_t step = step_to(objects + 1);
    if (step != size && 0 - step != size) return 0;
    uintptr_t first = reinterpret_cast<uintptr_t>(objects[0]);
    unsigned n = 0;
    constexpr unsigned kPairs = 4;
    pointer_pair expected = {first, first + step};
    for (; n + 2 * kPairs <= count; n += 2 * kPairs) {
        pointer_pair wrong = {};
#pragma GCC unroll 4
        for (unsigned pair = 0; pair < kPairs; pair++, expected += 2 * step)
            wrong |= load_pair(objects + n + 2 * pair) ^ expected;
        if ((wrong[0] | wrong[1]) != 0) break;
    }
    if (n == 0) n = 2;  // the step is that of the first two
    while (n < count && step_to(objects + n) == step) n++;
    return n;
}

// Objects side by side in one slab: only the ends are looked up. False, and nothing has happened, for all others. Apart, so
// that they do not pay for it.
__attribute__((noinline)) bool free_contiguous(kmem_cache* cache, void* const* objects, unsigned count, list_head& destroyed) {
    slab* s = page_owner_inline(objects[0]).slab();
    if (KSLAB_UNLIKELY(s == nullptr || s->cache != cache)) return false;
    uint32_t first = obj_to_index(s, objects[0], cache->size, cache->reciprocal);
    uint32_t last = obj_to_index(s, objects[count - 1], cache->size, cache->reciprocal);
    if (first == kNoIndex || last == kNoIndex) return false;
    cache_node& node = cache->at(s->node);
    scoped_lock lock(node.list_lock);
    bool was_full = s->inuse == s->num;
    if (KSLAB_UNLIKELY(!slab_put_range(s, first < last ? first : last, count))) return false;
    note_returned(node, s, was_full, count, destroyed);
    return true;
}

void free_group(kmem_cache* cache, void* const* objects, unsigned count, list_head& destroyed) {
    row row_of[kOnTheWay];
    unsigned rows = find_rows(cache, objects, count, row_of);
    for (const row* r = row_of; r != row_of + rows; r++)
        if (KSLAB_UNLIKELY(r->of->cache != cache)) report_bad_return(objects[r->from], cache);
    for (unsigned i = 0; i < rows;) {
        cache_node& node = cache->at(row_of[i].of->node);
        const void* bad = nullptr;
        {
            scoped_lock lock(node.list_lock);
            for (; i < rows && row_of[i].of->node == node.id && bad == nullptr; i++)
                bad = put_row(cache, node, row_of[i], objects, destroyed);
        }
        if (KSLAB_UNLIKELY(bad != nullptr)) report_bad_return(bad, cache);
    }
}

}  // namespace

void free_block(kmem_cache* cache, void* const* objects, unsigned count) {
    list_head destroyed;
    destroyed.init();
    while (count > 0) {
        unsigned done = side_by_side(objects, count, cache->size);
        // A few with others behind them go with these: alone they would take the lock once more.
        bool apart = done == count || done >= kOnTheWay;
        if (!apart || !free_contiguous(cache, objects, done, destroyed)) {
            done = count < kOnTheWay ? count : kOnTheWay;
            free_group(cache, objects, done, destroyed);
        }
        objects += done;
        count -= done;
    }
    slabs_destroy(destroyed);
}

}  // namespace kslab
