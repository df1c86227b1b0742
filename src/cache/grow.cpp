// Making and destroying slabs. No lock is held while the system, the page allocator or a constructor works.
#include "cache/deferred.h"
#include "cache/node.h"
#include "check/slab_records.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

uint32_t next_colour(cache_node& node, const slab_layout& layout) {
    if (layout.colour == 0) return 0;
    if (node.colour_next > layout.colour) node.colour_next = 0;
    return node.colour_next++ * layout.colour_off;
}

size_t descriptor_bytes(const kmem_cache* cache, size_t num) {
    return cache->debug != 0 ? debug_descriptor_bytes(num) : slab_descriptor_bytes(num);
}

// Under debugging objects that were never handed out look like freed ones.
void poison_new_slab(slab* s) {
    for (uint32_t i = 0; i < s->num; i++) {
        place p = place_in_slab(s, i);
        *p.record = object_record{};
        p.record->requested = s->cache->object_size;
        p.record->offset = s->cache->left;
        fill_redzones(p, kRedzoneInactive);
        poison_free(p);
        // Readers rely on the constructed state, also of an object that was freed (debug/object/objects.cpp).
        if (constructs_once(s->cache)) s->cache->ctor(p.object());
    }
}

slab* make_slab(kmem_cache* cache, const slab_layout& layout, uint32_t colour) {
    run* pages_of_slab = all_pages.allocate(layout.pages);
    if (pages_of_slab == nullptr) return nullptr;
    slab* s = static_cast<slab*>(metadata_allocate(descriptor_bytes(cache, layout.num)));
    if (s == nullptr || !page_map_ensure_range(pages_of_slab->start, layout.pages)) {
        if (s != nullptr) metadata_free(s, descriptor_bytes(cache, layout.num));
        all_pages.release(pages_of_slab);
        return nullptr;
    }
    char* s_mem = static_cast<char*>(pages_of_slab->memory()) + layout.mgmt + colour;
    slab_init(s, cache, pages_of_slab, s_mem, layout.num);
    if (KSLAB_UNLIKELY(cache->debug != 0)) return poison_new_slab(s), s;
    // Without a constructor nothing is written: fresh pages stay unpopulated.
    if (cache->ctor != nullptr)
        for (uint32_t i = 0; i < layout.num; i++) cache->ctor(index_to_obj(s, i, cache->size));
    return s;
}

void publish(kmem_cache* cache, slab* s) {
    page_map_set_owners(s->pages->start, s->pages->pages, page_owner(s));
    page_map_set_values(s->pages->start, s->pages->pages, cache->slot);
}

}  // namespace

bool cache_grow(kmem_cache* cache) {
    cache_node& node = cache->node;
    slab_layout layout;
    uint32_t colour;
    {
        scoped_lock lock(node.list_lock);
        layout = cache_layout(cache, node.num_slabs);
        colour = next_colour(node, layout);
    }
    slab* s = make_slab(cache, layout, colour);
    if (s == nullptr && layout.pages > floor_pages_for(0)) {  // memory is short: a small slab will do
        layout = cache_layout(cache, 0);
        s = make_slab(cache, layout, 0);
    }
    if (s == nullptr) return false;
    publish(cache, s);
    scoped_lock lock(node.list_lock);
    node.slabs_free.add_tail(&s->list);
    s->where = slab_list::free;
    node.free_objects += s->num;
    node.num_slabs += 1;
    node.num_objects += s->num;
    node.num_pages += s->pages->pages;
    node.grown++;
    return true;
}

void slab_unlink(cache_node& node, slab* s) {
    list_head::del(&s->list);
    s->where = slab_list::none;
    node.free_objects -= static_cast<size_t>(s->num - s->inuse);
    node.num_slabs -= 1;
    node.num_objects -= s->num;
    node.num_pages -= s->pages->pages;
}

void slab_destroy(slab* s) {
    if (KSLAB_UNLIKELY((s->cache->flags & kCacheDestroyByRcu) != 0)) return slab_defer(s);
    slab_release(s);
}

void slab_release(slab* s) {
    run* pages_of_slab = s->pages;
    page_map_set_values(pages_of_slab->start, pages_of_slab->pages, 0);
    page_map_set_owners(pages_of_slab->start, pages_of_slab->pages, page_owner{});
    metadata_free(s, descriptor_bytes(s->cache, s->num));
    all_pages.release(pages_of_slab);
}

void slabs_destroy(list_head& slabs) {
    while (!slabs.empty()) {
        slab* s = KSLAB_CONTAINER_OF(slabs.next, slab, list);
        list_head::del(&s->list);
        slab_destroy(s);
    }
}

}  // namespace kslab
