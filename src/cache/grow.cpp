// Making and destroying slabs. No lock is held while the system, the page allocator or a constructor works.
#include "base/check.h"
#include "base/host.h"
#include "base/probes.h"
#include "cache/deferred.h"
#include "cache/node.h"
#include "check/slab_records.h"
#include "os/memory.h"
#include "os/nodes.h"
#include "pages/meta_arena.h"
#include "pages/page_allocator.h"
#include "pages/populate.h"
#include "pages/watch.h"

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
    }
}

page_allocator& pages_for_cache(const kmem_cache* cache) {
    return (cache->flags & SLAB_CACHE_DMA) != 0 ? low_pages : all_pages;
}

// A binding may split the mapping. Slabs beyond a quarter of what the process may have lie where they are touched first.
void bind_to_node(const run* pages, unsigned n) {
    static relaxed<size_t> bound;
    static relaxed<size_t> most;
    if (most == 0) most = os_mapping_limit() / 4;
    if (bound >= most) return;
    bound += 1;
    os_bind_to_node(pages->memory(), pages->pages * kPageSize, n);
}

void construct(kmem_cache* cache, slab* s, gfp_t gfp) {
    // Without a constructor nothing is written: fresh pages stay unpopulated.
    if (!cache->constructs()) return;
    for (uint32_t i = 0; i < s->num; i++) construct_object(cache, object_in_slab(s, i), gfp);
}

// A slab of a cache that has many will be filled soon: its pages come in one call. What of them stays unused is a small
// part of what the cache has. Of whole pages the slab is the object: its like decide.
void populate(const kmem_cache* cache, run* pages, size_t pages_so_far) {
    constexpr size_t kPart = 8;
    if (of_whole_pages(cache)) return populate_like_others(pages);
    // Mixed: those of a slab before it may have gone back.
    bool resident = pages->content != run_content::zero && !pages->mixed;
    if (resident || pages_so_far < kPart * pages->pages) return;
    os_populate(pages->memory(), pages->pages * kPageSize);
}

slab* make_slab(kmem_cache* cache, unsigned n, const slab_layout& layout, uint32_t colour, gfp_t gfp) {
    run* pages_of_slab = pages_for_cache(cache).allocate({.pages = layout.pages, .reserve = may_use_reserve(gfp)});
    if (pages_of_slab == nullptr) return nullptr;
    slab* s = static_cast<slab*>(metadata_allocate(descriptor_bytes(cache, layout.num)));
    if (s == nullptr || !page_map_ensure_range(pages_of_slab->start, layout.pages)) {
        if (s != nullptr) metadata_free(s, descriptor_bytes(cache, layout.num));
        release_run(pages_of_slab);
        return nullptr;
    }
    if (KSLAB_UNLIKELY(nodes_are_real)) bind_to_node(pages_of_slab, n);
    populate(cache, pages_of_slab, cache->at(n).num_pages);
    char* s_mem = static_cast<char*>(pages_of_slab->memory()) + layout.mgmt + colour;
    slab_init(s, cache, pages_of_slab, s_mem, layout.num);
    s->node = static_cast<uint8_t>(n);
    if (KSLAB_UNLIKELY(cache->debug != 0)) poison_new_slab(s);
    if ((cache->debug & kDebugPoison) == 0) construct(cache, s, gfp);
    return s;
}

void publish(kmem_cache* cache, slab* s) {
    page_map_set_owners(s->pages->start, s->pages->pages, page_owner(s));
    page_map_set_values(s->pages->start, s->pages->pages, cache->slot);
}

// kmem_flagcheck of the kernel: low memory is for those that ask for it, from caches that have it.
KSLAB_NOINLINE void report_wrong_memory(const kmem_cache* cache) {
    bool low = (cache->flags & SLAB_CACHE_DMA) != 0;
    report_line()->put("kmem_cache_alloc(").put(cache->name).put(low ? "): its memory is below 2 GiB, but GFP_DMA is missing"
                                                                     : "): GFP_DMA, but the cache has no SLAB_CACHE_DMA");
    host_abort();
}

}  // namespace

bool cache_grow(kmem_cache* cache, unsigned n, gfp_t gfp) {
    if ((gfp & SLAB_NO_GROW) != 0) return false;
    if (KSLAB_UNLIKELY(((gfp & __GFP_DMA) != 0) != ((cache->flags & SLAB_CACHE_DMA) != 0))) report_wrong_memory(cache);
    cache_node& node = cache->at(n);
    slab_layout layout;
    uint32_t colour;
    {
        scoped_lock lock(node.list_lock);
        layout = cache_layout(cache, node.num_slabs);
        colour = next_colour(node, layout);
    }
    slab* s = make_slab(cache, n, layout, colour, gfp);
    if (s == nullptr && layout.pages > floor_pages_for(0)) {  // memory is short: a small slab will do
        layout = cache_layout(cache, 0);
        s = make_slab(cache, n, layout, 0, gfp);
    }
    if (s == nullptr) return false;
    publish(cache, s);
    scoped_lock lock(node.list_lock);
    slab_place_locked(node, s, list_end::tail);
    node.free_objects += s->num;
    node.num_slabs += 1;
    node.num_objects += s->num;
    node.num_pages += s->pages->pages;
    node.grown += 1;
    KSLAB_PROBE5(kslab_grow, cache->name, s->pages->start, s->pages->pages, n, gfp);
    return true;
}

namespace {

void take_off_list(cache_node& node, slab* s) {
    if (s->where == slab_list::none) return;
    list_head::del(&s->list);
    if (s->where == slab_list::free) node.num_free -= 1;
    s->where = slab_list::none;
}

}  // namespace

void slab_place_locked(cache_node& node, slab* s, list_end where) {
    take_off_list(node, s);
    bool empty = s->inuse == 0;
    bool full = s->inuse == s->num;
    list_head& list = empty ? node.slabs_free : full ? node.slabs_full : node.slabs_partial;
    s->where = empty ? slab_list::free : full ? slab_list::full : slab_list::partial;
    if (empty) node.num_free += 1;
    if (where == list_end::head)
        list.add(&s->list);
    else
        list.add_tail(&s->list);
}

void slab_unlink_locked(cache_node& node, slab* s) {
    take_off_list(node, s);
    node.free_objects -= static_cast<size_t>(s->num - s->inuse);
    node.num_slabs -= 1;
    node.num_objects -= s->num;
    node.num_pages -= s->pages->pages;
}

namespace {

void destruct(const kmem_cache* cache, slab* s) {
    // With poison the destructor ran when the object was freed.
    if (KSLAB_LIKELY(cache->dtor == nullptr) || (cache->debug & kDebugPoison) != 0) return;
    struct ::kmem_cache* c = cache_of_user(s->cache);
    for (uint32_t i = 0; i < s->num; i++) cache->dtor(object_in_slab(s, i), c, 0);
}

}  // namespace

void slab_destroy(slab* s) {
    if (KSLAB_UNLIKELY((s->cache->flags & SLAB_DESTROY_BY_RCU) != 0)) return slab_defer(s);
    slab_release(s);
}

void slab_release(slab* s) {
    destruct(s->cache, s);
    run* pages_of_slab = s->pages;
    KSLAB_PROBE3(kslab_destroy, s->cache->name, pages_of_slab->start, pages_of_slab->pages);
    page_map_set_values(pages_of_slab->start, pages_of_slab->pages, 0);
    page_map_set_owners(pages_of_slab->start, pages_of_slab->pages, page_owner{});
    bool mixed = s->purged != 0;
    metadata_free(s, descriptor_bytes(s->cache, s->num));
    note_use(pages_of_slab);
    release_run(pages_of_slab, run_content::dirty, mixed);
}

void slabs_destroy(list_head& slabs) {
    while (!slabs.empty()) {
        slab* s = KSLAB_CONTAINER_OF(slabs.next, slab, list);
        list_head::del(&s->list);
        slab_destroy(s);
    }
}

}  // namespace kslab
