// The shared array, and the way from it to the slabs and back.
#include "cache/node.h"
#include "pages/meta_arena.h"

namespace kslab {

namespace {

void copy_entries(void** to, void* const* from, unsigned count) {
    __builtin_memcpy(to, from, count * sizeof(void*));
}

unsigned take_shared(shared_array& shared, void** out, unsigned count) {
    if (shared.avail == 0) return 0;
    scoped_lock lock(shared.lock);
    unsigned avail = shared.avail;
    unsigned taken = avail < count ? avail : count;
    shared.avail = avail - taken;
    copy_entries(out, shared.entry + avail - taken, taken);
    return taken;
}

// Made at the first flush; memory is asked for without the lock.
bool has_entries(shared_array& shared) {
    if (KSLAB_LIKELY(__atomic_load_n(&shared.entry, __ATOMIC_RELAXED) != nullptr)) return true;
    void** made = static_cast<void**>(metadata_allocate(shared.limit * sizeof(void*)));
    if (made == nullptr) return false;
    scoped_lock lock(shared.lock);
    void** other = shared.entry;
    if (other == nullptr) __atomic_store_n(&shared.entry, made, __ATOMIC_RELAXED);
    lock.unlock();
    if (other != nullptr) metadata_free(made, shared.limit * sizeof(void*));
    return true;
}

unsigned give_shared(shared_array& shared, void* const* objects, unsigned count) {
    if (shared.avail >= shared.limit || !has_entries(shared)) return 0;
    scoped_lock lock(shared.lock);
    unsigned room = shared.limit - shared.avail;
    unsigned given = room < count ? room : count;
    copy_entries(shared.entry + shared.avail, objects, given);
    shared.avail += given;
    return given;
}

void reverse(void** objects, unsigned count) {
    for (unsigned i = 0, j = count; i + 1 < j; i++) {
        void* other = objects[--j];
        objects[j] = objects[i];
        objects[i] = other;
    }
}

unsigned take_slabs(kmem_cache* cache, void** out, unsigned count) {
    cache_node& node = cache->node;
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
        taken += slab_get_objs(s, out + taken, count - taken, cache->size);
        bool full = s->inuse == s->num;
        if (!full && s->where == slab_list::partial) continue;
        list_head::del(&s->list);
        s->where = full ? slab_list::full : slab_list::partial;
        (full ? node.slabs_full : node.slabs_partial).add(&s->list);
    }
    node.free_objects -= taken;
    node.net_returned = node.net_returned > taken ? node.net_returned - taken : 0;
    return taken;
}

}  // namespace

unsigned node_take(kmem_cache* cache, void** out, unsigned count) {
    cache_node& node = cache->node;
    if (node.flushes != 0) node.flushes = 0;
    if (unsigned taken = take_shared(node.shared, out, count)) return taken;
    for (;;) {
        if (unsigned taken = take_slabs(cache, out, count)) {
            reverse(out, taken);
            return taken;
        }
        if (!cache_grow(cache)) return 0;
    }
}

namespace {

// Looking for whole free pages inside slabs pays when a cache's slabs have this much free, and a quarter of what
// they hold, and many objects, or a sixteenth of all, came in since the last look: some 15 ns for each
// object freed, however large the heap.
constexpr size_t kWorthPurging = size_t{2} << 20;
constexpr size_t kPurgeStep = 1500;

bool freed_much(cache_node& node, size_t size, size_t returned) {
    node.net_returned += returned;
    size_t free = node.free_objects;
    size_t objects = node.num_objects;
    size_t step = objects / 16 > kPurgeStep ? objects / 16 : kPurgeStep;
    if (node.net_returned < step || free * size < kWorthPurging || free < objects / 4) return false;
    node.net_returned = 0;
    return true;
}

}  // namespace

void node_give(kmem_cache* cache, void* const* objects, unsigned count, bool past_shared) {
    cache_node& node = cache->node;
    node.flushes += 1;
    unsigned given = past_shared ? 0 : give_shared(node.shared, objects, count);
    if (given == count) return;
    free_block(cache, objects + given, count - given);
    if (freed_much(node, cache->size, count - given)) purge_slab_pages(cache);
}

void cache_release_shared(kmem_cache* cache) {
    shared_array& shared = cache->node.shared;
    if (shared.entry != nullptr) metadata_free(shared.entry, shared.limit * sizeof(void*));
    shared.entry = nullptr;
}

void drain_shared(kmem_cache* cache) {
    shared_array& shared = cache->node.shared;
    constexpr unsigned kBatch = 30;
    void* batch[kBatch];
    while (unsigned taken = take_shared(shared, batch, kBatch)) free_block(cache, batch, taken);
}

}  // namespace kslab
