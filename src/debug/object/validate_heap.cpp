#include "debug/object/validate_heap.h"

#include "cache/deferred.h"
#include "debug/object/validate_arrays.h"
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

const char* validate_slab(const kmem_cache* cache, const cache_node& node, const slab* s, slab_list list) {
    KSLAB_HOLDS(s->cache == cache, "a slab is on a list of another cache");
    KSLAB_HOLDS(s->node == node.id, "a slab is on a list of another node");
    KSLAB_HOLDS(s->where == list, "a slab is not on the list it believes");
    KSLAB_HOLDS(s->inuse + slab_count_free(s) == s->num, "inuse and the bits of a slab do not sum up to num");
    slab_list right = s->inuse == 0 ? slab_list::free : s->inuse == s->num ? slab_list::full : slab_list::partial;
    KSLAB_HOLDS(list == right, "a slab's list does not fit its inuse");
    for (size_t word = 0; word < s->first_word; word++)
        KSLAB_HOLDS(s->bufctl[word] == 0, "a free object lies before first_word");
    KSLAB_HOLDS(maps_to(s), "a page of a slab does not map to it");
    return nullptr;
}

const char* validate_list(kmem_cache* cache, cache_node& node, slab_list which, size_t& slabs, size_t& free,
                          size_t& objects) {
    list_head& list = which == slab_list::free      ? node.slabs_free
                      : which == slab_list::partial ? node.slabs_partial
                                                    : node.slabs_full;
    for (list_head* at = list.next; at != &list; at = at->next) {
        const slab* s = KSLAB_CONTAINER_OF(at, slab, list);
        if (const char* wrong = validate_slab(cache, node, s, which)) return wrong;
        slabs++;
        objects += s->num;
        free += static_cast<size_t>(s->num - s->inuse);
    }
    return nullptr;
}

const char* validate_node(kmem_cache* cache, cache_node& node) {
    scoped_lock lock(node.list_lock);
    size_t slabs = 0, free = 0, objects = 0;
    for (slab_list which : {slab_list::partial, slab_list::full, slab_list::free})
        if (const char* wrong = validate_list(cache, node, which, slabs, free, objects)) return wrong;
    size_t empty = 0;
    for (list_head* at = node.slabs_free.next; at != &node.slabs_free; at = at->next) empty++;
    KSLAB_HOLDS(empty == node.num_free, "num_free is not the length of slabs_free");
    KSLAB_HOLDS(slabs == node.num_slabs, "num_slabs is not the number of slabs");
    KSLAB_HOLDS(free == node.free_objects, "free_objects is not the sum over the slabs");
    KSLAB_HOLDS(objects == node.num_objects, "num_objects is not the sum over the slabs");
    return nullptr;
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
    const char* in_cache = nullptr;
    for_each_cache([&in_cache](kmem_cache* cache) {
        if (in_cache == nullptr) in_cache = validate_cache(cache);
    });
    if (in_cache != nullptr) return in_cache;
    if (const char* wrong = validate_arrays()) return wrong;
    if (const char* wrong = validate_deferred()) return wrong;
    const char* in_pages = nullptr;
    for_each_page_allocator([&in_pages](page_allocator& pages) {
        if (in_pages == nullptr) in_pages = pages.validate();
    });
    return in_pages;
}

}  // namespace kslab
