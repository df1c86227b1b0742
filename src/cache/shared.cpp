// The shared array, and the way from it to the slabs and back.
#include "base/bits.h"
#include "cache/node.h"
#include "os/memory.h"
#include "pages/meta_arena.h"

namespace kslab {

namespace {

void copy_entries(void** to, void* const* from, unsigned count) {
    __builtin_memcpy(to, from, count * sizeof(void*));
}

// Made at the first flush; memory is asked for without the lock. Tuning may change the limit meanwhile.
bool has_entries(shared_array& shared) {
    if (KSLAB_LIKELY(__atomic_load_n(&shared.entry, __ATOMIC_RELAXED) != nullptr)) return true;
    uint32_t limit = __atomic_load_n(&shared.limit, __ATOMIC_RELAXED);
    if (limit == 0) return false;
    void** made = static_cast<void**>(metadata_allocate(entries_bytes(limit)));
    if (made == nullptr) return false;
    bool used = false;
    {
        scoped_lock lock(shared.lock);
        if (shared.entry == nullptr && shared.limit == limit) {
            __atomic_store_n(&shared.entry, made, __ATOMIC_RELAXED);
            used = true;
        }
    }
    if (!used) metadata_free(made, entries_bytes(limit));
    return true;
}

// `pages` that had been given back are wanted again; half of those of the last look are what giving back was not worth: a heap that
// goes up and down, or objects that come and go beside many free ones. From the third time on more objects would have to come back
// than there are: then only time gives pages back. It is forgotten when no slab was made or emptied for a while (reap_node).
void regret_purge(cache_node& node, uint32_t pages) {
    constexpr uint8_t kMost = 6;
    node.pages_back += static_cast<uint32_t>(__builtin_popcount(pages));
    if (node.pages_back < (node.pages_went + 1) / 2) return;
    node.pages_went = 0;
    if (node.patience < kMost) node.patience = static_cast<uint8_t>(node.patience + 2);
}

void note_taken(kmem_cache* cache, cache_node& node, unsigned taken) {
    node.free_objects -= taken;
    node.net_returned = node.net_returned > taken ? node.net_returned - taken : 0;
    if (KSLAB_LIKELY(!cache_settings.stats)) return;
    node.allocs += taken;
    size_t out = 0;
    for_each_node(cache, [&out](cache_node& each) { out += each.num_objects - each.free_objects; });
    if (out > cache->high) cache->high = out;
}

// Pages that were given back, of objects that leave their slabs: several side by side come in one call instead of a fault for
// each. Done without the lock: pages under objects that were taken are not given back.
class wanted_again {
public:
    void note(const slab* s, uint32_t pages) {
        if (count_ < kMost) of_[count_++] = {first_page(s), pages};
    }
    void populate() const {
        for (unsigned i = 0; i < count_; i++)
            for_each_sequence(of_[i].pages, [this, i](unsigned first, unsigned count) {
                if (count > 1) os_populate(reinterpret_cast<void*>(of_[i].start + first * kPageSize), count * kPageSize);
            });
    }

private:
    struct pages_of_slab {
        uintptr_t start;
        uint32_t pages;
    };
    // A refill takes from few slabs; what is beyond costs its faults.
    static constexpr unsigned kMost = 4;
    pages_of_slab of_[kMost];
    unsigned count_ = 0;
};

unsigned take_slabs(kmem_cache* cache, cache_node& node, void** out, unsigned count) {
    wanted_again pages;
    scoped_lock lock(node.list_lock);
    unsigned taken = 0;
    while (taken < count) {
        list_head* entry = node.slabs_partial.next;
        if (entry == &node.slabs_partial) {
            node.free_touched = true;
            entry = node.slabs_free.next;
            if (entry == &node.slabs_free) break;
        }
        slab* s = KSLAB_CONTAINER_OF(entry, slab, list);
        uint32_t purged = s->purged;
        taken += slab_get_objs(s, out + count - taken, count - taken, cache->size);
        if (KSLAB_UNLIKELY(s->purged != purged)) {
            pages.note(s, purged & ~s->purged);
            if (node.pages_went != 0) regret_purge(node, purged & ~s->purged);
        }
        if (s->inuse == s->num || s->where != slab_list::partial) slab_place_locked(node, s, list_end::head);
    }
    note_taken(cache, node, taken);
    lock.unlock();
    pages.populate();
    if (taken < count) __builtin_memmove(out, out + count - taken, taken * sizeof(void*));
    return taken;
}

}  // namespace

unsigned take_shared(shared_array& shared, void** out, unsigned count) {
    if (shared.avail == 0) return 0;
    scoped_lock lock(shared.lock);
    unsigned avail = shared.avail;
    unsigned taken = avail < count ? avail : count;
    shared.avail = avail - taken;
    copy_entries(out, shared.entry + avail - taken, taken);
    return taken;
}

unsigned give_shared(shared_array& shared, void* const* objects, unsigned count) {
    if (shared.avail >= __atomic_load_n(&shared.limit, __ATOMIC_RELAXED) || !has_entries(shared)) return 0;
    scoped_lock lock(shared.lock);
    if (KSLAB_UNLIKELY(shared.entry == nullptr || shared.avail >= shared.limit)) return 0;
    unsigned room = shared.limit - shared.avail;
    unsigned given = room < count ? room : count;
    copy_entries(shared.entry + shared.avail, objects, given);
    shared.avail += given;
    return given;
}

unsigned node_take(kmem_cache* cache, unsigned n, void** out, unsigned count, gfp_t gfp) {
    cache_node& node = cache->at(n);
    if (node.flushes != 0) node.flushes = 0;
    if (unsigned taken = take_shared(node.shared, out, count)) return taken;
    for (;;) {
        if (unsigned taken = take_slabs(cache, node, out, count)) return taken;
        if (!cache_grow(cache, n, gfp)) return 0;
    }
}

namespace {

unsigned with_fewest_slabs(kmem_cache* cache, unsigned from) {
    unsigned best = from;
    for (unsigned i = 1; i < nr_nodes; i++) {
        unsigned n = (from + i) % nr_nodes;
        if (cache->at(n).num_slabs < cache->at(best).num_slabs) best = n;
    }
    return best;
}

// Of the nodes in turn; but a new slab goes where there are fewest, however many objects each refill took.
unsigned take_spread(kmem_cache* cache, void** out, unsigned count, gfp_t gfp, unsigned& home) {
    home = cache->spread_next.fetch_add(1, std::memory_order_relaxed) % nr_nodes;
    if (unsigned taken = node_take(cache, home, out, count, gfp | SLAB_NO_GROW)) return taken;
    home = with_fewest_slabs(cache, home);
    return node_take(cache, home, out, count, gfp);
}

}  // namespace

unsigned cache_take(kmem_cache* cache, unsigned home, void** out, unsigned count, gfp_t gfp) {
    if (KSLAB_LIKELY(nr_nodes == 1)) return node_take(cache, 0, out, count, gfp);
    bool this_node_only = (gfp & __GFP_THISNODE) != 0;
    bool spread = (cache->flags & SLAB_MEM_SPREAD) != 0 && !this_node_only;
    unsigned taken = spread ? take_spread(cache, out, count, gfp, home) : node_take(cache, home, out, count, gfp);
    if (taken > 0) return taken;
    if (this_node_only) return 0;
    for (unsigned i = 1; i < nr_nodes; i++)
        if ((taken = node_take(cache, (home + i) % nr_nodes, out, count, gfp)) > 0) return taken;
    return 0;
}

namespace {

// All of them of this node.
void give_local(kmem_cache* cache, cache_node& node, void* const* objects, unsigned count, bool past_shared) {
    unsigned given = past_shared || straight_to_pages(cache) ? 0 : give_shared(node.shared, objects, count);
    if (given == count) return;
    free_block(cache, objects + given, count - given);
    if (KSLAB_UNLIKELY(cache_settings.stats) && node.num_free > node.max_freeable) node.max_freeable = node.num_free;
    purge_if_much_is_free(cache, node, count - given);
}

}  // namespace

void node_give(kmem_cache* cache, unsigned home, void* const* objects, unsigned count, bool past_shared) {
    cache_node& node = cache->at(home);
    node.flushes += 1;
    if (KSLAB_LIKELY(nr_nodes == 1)) return give_local(cache, node, objects, count, past_shared);
    void* local[kOnTheWay];
    while (count > 0) {
        unsigned group = count < kOnTheWay ? count : kOnTheWay;
        copy_entries(local, objects, group);
        if (unsigned left = sort_out_aliens(cache, home, local, group))
            give_local(cache, node, local, left, past_shared);
        objects += group;
        count -= group;
    }
}

void drain_shared(kmem_cache* cache, cache_node& node) {
    void* batch[kOnTheWay];
    while (unsigned taken = take_shared(node.shared, batch, kOnTheWay)) free_block(cache, batch, taken);
}

}  // namespace kslab
