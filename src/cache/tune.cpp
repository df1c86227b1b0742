// The tunables of a cache: limit, batchcount, shared, as in slabinfo (do_tune_cpucache and alloc_kmemlist of the
// kernel). Threads follow at their next slow operation (thread/reap.cpp).
#include "cache/node.h"
#include "pages/meta_arena.h"

namespace kslab {

namespace {

// The new entries of a node's shared array, made before anything changes.
struct new_entries {
    void** entry[kMaxNodes] = {};
    size_t bytes;

    bool make() {
        for (unsigned n = 0; n < nr_nodes; n++) {
            entry[n] = static_cast<void**>(metadata_allocate(bytes));
            if (entry[n] == nullptr) return drop(), false;
        }
        return true;
    }
    void drop() {
        for (void** each : entry)
            if (each != nullptr) metadata_free(each, bytes);
    }
};

constexpr unsigned kBatch = 30;

// What is too much for the new limit leaves first, newest last.
void shrink_shared(kmem_cache* cache, cache_node& node, uint32_t limit) {
    void* leaving[kBatch];
    while (node.shared.avail > limit) {
        unsigned more = node.shared.avail - limit;
        unsigned taken = take_shared(node.shared, leaving, more < kBatch ? more : kBatch);
        if (taken > 0) free_block(cache, leaving, taken);
    }
}

// False: more has come in meanwhile than fits.
bool swap_entries(shared_array& shared, void**& entry, uint32_t limit) {
    scoped_lock lock(shared.lock);
    if (shared.avail > limit) return false;
    for (unsigned i = 0; i < shared.avail; i++) entry[i] = shared.entry[i];
    void** old = shared.entry;
    __atomic_store_n(&shared.entry, entry, __ATOMIC_RELAXED);
    __atomic_store_n(&shared.limit, limit, __ATOMIC_RELAXED);
    entry = old;
    return true;
}

// Nothing is in the shared arrays yet: they are made at the first flush.
bool all_unused(kmem_cache* cache) {
    bool unused = true;
    for_each_node(cache, [&unused](cache_node& node) {
        unused = unused && __atomic_load_n(&node.shared.entry, __ATOMIC_RELAXED) == nullptr;
    });
    return unused;
}

bool resize_shared(kmem_cache* cache, uint32_t limit) {
    new_entries made;
    made.bytes = entries_bytes(limit);
    if (!made.make()) return false;
    for (unsigned n = 0; n < nr_nodes; n++) {
        shared_array& shared = cache->at(n).shared;
        uint32_t before = shared.limit;
        do shrink_shared(cache, cache->at(n), limit);
        while (!swap_entries(shared, made.entry[n], limit));
        if (made.entry[n] != nullptr) metadata_free(made.entry[n], entries_bytes(before));
    }
    return true;
}

// Alien arrays keep as many objects as threads' arrays do. One that there is no memory for stays as it is.
void resize_aliens(kmem_cache* cache, uint32_t limit) {
    for_each_node(cache, [=](cache_node& node) {
        shared_array* arrays = node.alien.load(std::memory_order_acquire);
        for (unsigned n = 0; arrays != nullptr && n < nr_nodes; n++) {
            if (n == node.id) continue;
            auto** entry = static_cast<void**>(metadata_allocate(entries_bytes(limit)));
            if (entry == nullptr) return;
            uint32_t before = arrays[n].limit;
            do drain_alien(cache, node, n, true);
            while (!swap_entries(arrays[n], entry, limit));
            metadata_free(entry, entries_bytes(before));
        }
    });
}

}  // namespace

bool cache_set_tunables(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned factor) {
    uint32_t shared_limit = factor * batchcount;
    bool fresh = all_unused(cache);
    if (!fresh && !resize_shared(cache, shared_limit)) return false;
    cache->limit = static_cast<uint16_t>(limit);
    cache->batchcount = static_cast<uint16_t>(batchcount);
    cache->shared_factor = static_cast<uint16_t>(factor);
    resize_aliens(cache, limit);
    size_t num = cache_layout(cache, 2).num;
    for_each_node(cache, [=](cache_node& node) {
        if (fresh) __atomic_store_n(&node.shared.limit, shared_limit, __ATOMIC_RELAXED);
        node.free_limit = node_free_limit(cache_settings.cpus, batchcount, num);
    });
    return true;
}

}  // namespace kslab
