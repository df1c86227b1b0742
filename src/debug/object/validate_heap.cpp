#include "debug/object/validate_heap.h"

#include "cache/deferred.h"
#include "kmalloc/kmalloc.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

#define KSLAB_HOLDS(condition, sentence) \
    if (!(condition)) return sentence

bool maps_to(const slab* s) {
    for (size_t page = 0; page < s->pages->pages; page++) {
        void* address = static_cast<char*>(s->pages->memory()) + page * kPageSize;
        if (page_owner_of(address).slab() != s || page_value(address) != s->cache->slot) return false;
    }
    return true;
}

const char* validate_slab(const kmem_cache* cache, const slab* s, slab_list list) {
    KSLAB_HOLDS(s->cache == cache, "a slab is on a list of another cache");
    KSLAB_HOLDS(s->where == list, "a slab is not on the list it believes");
    KSLAB_HOLDS(s->inuse + slab_count_free(s) == s->num, "inuse and the bits of a slab do not sum up to num");
    slab_list right = s->inuse == 0 ? slab_list::free : s->inuse == s->num ? slab_list::full : slab_list::partial;
    KSLAB_HOLDS(list == right, "a slab's list does not fit its inuse");
    for (size_t word = 0; word < s->first_word; word++)
        KSLAB_HOLDS(s->bufctl[word] == 0, "a free object lies before first_word");
    KSLAB_HOLDS(maps_to(s), "a page of a slab does not map to it");
    return nullptr;
}

const char* validate_list(kmem_cache* cache, list_head& list, slab_list which, size_t& slabs, size_t& free) {
    for (list_head* at = list.next; at != &list; at = at->next) {
        const slab* s = KSLAB_CONTAINER_OF(at, slab, list);
        if (const char* wrong = validate_slab(cache, s, which)) return wrong;
        slabs++;
        free += static_cast<size_t>(s->num - s->inuse);
    }
    return nullptr;
}

// Whether `object` may wait in an array: an object of that cache, not free in its slab.
const char* validate_waiting(const kmem_cache* cache, const void* object) {
    const slab* s = page_owner_of(object).slab();
    KSLAB_HOLDS(s != nullptr && s->cache == cache, "an array holds what is no object of its cache");
    uint32_t index = obj_to_index(s, object, cache->size, cache->reciprocal);
    KSLAB_HOLDS(index != kNoIndex, "an array holds a pointer into the middle of an object");
    KSLAB_HOLDS(!slab_obj_free(s, index), "an object is in an array and free in its slab");
    return nullptr;
}

struct array_walk {
    const char* wrong;
};

void validate_array(kmem_cache* cache, const array_cache* ac, void* context) {
    auto* walk = static_cast<array_walk*>(context);
    if (walk->wrong != nullptr) return;
    if (ac->avail > ac->limit || ac->limit > ac->capacity()) walk->wrong = "avail <= limit <= capacity does not hold";
    for (unsigned i = 0; i < ac->avail && walk->wrong == nullptr; i++) {
        walk->wrong = validate_waiting(cache, ac->entry[i]);
        for (unsigned j = 0; j < i && walk->wrong == nullptr; j++)
            if (ac->entry[i] == ac->entry[j]) walk->wrong = "an object is twice in an array";
    }
}

const char* validate_shared(kmem_cache* cache, shared_array& shared) {
    scoped_lock lock(shared.lock);
    KSLAB_HOLDS(shared.avail <= shared.limit, "a shared array holds more than its limit");
    for (unsigned i = 0; i < shared.avail; i++)
        if (const char* wrong = validate_waiting(cache, shared.entry[i])) return wrong;
    return nullptr;
}

const char* validate_aliens(kmem_cache* cache, cache_node& node) {
    shared_array* arrays = node.alien.load(std::memory_order_acquire);
    for (unsigned n = 0; arrays != nullptr && n < nr_nodes; n++) {
        if (const char* wrong = validate_shared(cache, arrays[n])) return wrong;
        for (unsigned i = 0; i < arrays[n].avail; i++)
            KSLAB_HOLDS(page_owner_of(arrays[n].entry[i]).slab()->node == n, "an alien array holds another node's object");
    }
    return nullptr;
}

const char* validate_node(kmem_cache* cache, cache_node& node) {
    scoped_lock lock(node.list_lock);
    size_t slabs = 0;
    size_t free = 0;
    if (const char* wrong = validate_list(cache, node.slabs_partial, slab_list::partial, slabs, free)) return wrong;
    if (const char* wrong = validate_list(cache, node.slabs_full, slab_list::full, slabs, free)) return wrong;
    if (const char* wrong = validate_list(cache, node.slabs_free, slab_list::free, slabs, free)) return wrong;
    size_t empty = 0;
    for (list_head* at = node.slabs_free.next; at != &node.slabs_free; at = at->next) empty++;
    KSLAB_HOLDS(empty == node.num_free, "num_free is not the length of slabs_free");
    KSLAB_HOLDS(slabs == node.num_slabs, "num_slabs is not the number of slabs");
    KSLAB_HOLDS(free == node.free_objects, "free_objects is not the sum over the slabs");
    if (const char* wrong = validate_shared(cache, node.shared)) return wrong;
    return validate_aliens(cache, node);
}

const char* validate_cache(kmem_cache* cache) {
    const char* wrong = nullptr;
    for_each_node(cache, [&](cache_node& node) {
        if (wrong == nullptr) wrong = validate_node(cache, node);
    });
    return wrong;
}

struct deferred_walk {
    const char* wrong = nullptr;
    size_t slabs = 0, pages = 0;
};

const char* validate_deferred_slab(const slab* s) {
    KSLAB_HOLDS(s->where == slab_list::none, "a deferred slab believes to be on a list of its node");
    KSLAB_HOLDS(s->inuse == 0 && slab_count_free(s) == s->num, "an object of a deferred slab is in use");
    KSLAB_HOLDS((s->cache->flags & SLAB_DESTROY_BY_RCU) != 0, "a slab of a cache that is not type-stable is deferred");
    KSLAB_HOLDS(maps_to(s), "a page of a deferred slab does not map to it");
    return nullptr;
}

const char* validate_deferred() {
    deferred_walk walk;
    for_each_deferred(
        [](const slab* s, void* context) {
            auto* w = static_cast<deferred_walk*>(context);
            if (w->wrong == nullptr) w->wrong = validate_deferred_slab(s);
            w->slabs++;
            w->pages += s->pages->pages;
        },
        &walk);
    if (walk.wrong != nullptr) return walk.wrong;
    KSLAB_HOLDS(walk.slabs == deferred_slabs && walk.pages == deferred_pages, "deferred slabs are miscounted");
    return nullptr;
}

}  // namespace

const char* validate_heap() {
    array_walk walk{nullptr};
    for_each_cache([&walk](kmem_cache* cache) {
        if (walk.wrong == nullptr) walk.wrong = validate_cache(cache);
    });
    for_each_array(validate_array, &walk);
    if (walk.wrong != nullptr) return walk.wrong;
    if (const char* wrong = validate_deferred()) return wrong;
    for_each_page_allocator([&walk](page_allocator& pages) {
        if (walk.wrong == nullptr) walk.wrong = pages.validate();
    });
    return walk.wrong;
}

}  // namespace kslab
