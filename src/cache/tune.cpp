// The tunables of a cache: limit, batchcount, shared, as in slabinfo (do_tune_cpucache and alloc_kmemlist of the
// kernel). Threads follow at their next slow operation (thread/reap.cpp).
#include "cache/node.h"
#include "config/size_classes.h"
#include "pages/meta_arena.h"

namespace kslab {

namespace {

// Memory of arrays, asked for before anything changes: a list through itself.
class spare_entries {
public:
    explicit spare_entries(uint32_t limit) : bytes_(entries_bytes(limit)) {}
    ~spare_entries() {
        while (void** entry = take()) metadata_free(entry, bytes_);
    }
    spare_entries(const spare_entries&) = delete;
    spare_entries& operator=(const spare_entries&) = delete;

    bool make(size_t count) {
        for (; count > 0; count--) {
            auto** entry = static_cast<void**>(metadata_allocate(bytes_));
            if (entry == nullptr) return false;
            *entry = first_;
            first_ = entry;
        }
        return true;
    }
    void** take() {
        void** entry = first_;
        if (entry != nullptr) first_ = static_cast<void**>(*entry);
        return entry;
    }

private:
    void** first_ = nullptr;
    size_t bytes_;
};

// What is too much for the new limit leaves first, newest last.
void shrink_shared(kmem_cache* cache, cache_node& node, uint32_t limit) {
    void* leaving[kOnTheWay];
    while (node.shared.avail > limit) {
        unsigned more = node.shared.avail - limit;
        unsigned taken = take_shared(node.shared, leaving, more < kOnTheWay ? more : kOnTheWay);
        if (taken > 0) free_block(cache, leaving, taken);
    }
}

// The array gets `entry` and `limit`; then `entry` is what it had, of `bytes`. False: more has come in meanwhile than
// fits.
bool swap_entries(shared_array& shared, void**& entry, uint32_t limit, size_t& bytes) {
    scoped_lock lock(shared.lock);
    if (shared.avail > (entry == nullptr ? 0 : limit)) return false;
    for (unsigned i = 0; i < shared.avail; i++) entry[i] = shared.entry[i];
    void** old = shared.entry;
    bytes = entries_bytes(shared.limit);
    __atomic_store_n(&shared.entry, entry, __ATOMIC_RELAXED);
    __atomic_store_n(&shared.limit, limit, __ATOMIC_RELAXED);
    entry = old;
    return true;
}

bool has_entries(const shared_array& shared) { return __atomic_load_n(&shared.entry, __ATOMIC_RELAXED) != nullptr; }

// Entries are made at the first flush. An array that got some since spare ones were counted loses them again.
void resize_shared(kmem_cache* cache, cache_node& node, uint32_t limit, spare_entries& spare) {
    void** entry = has_entries(node.shared) ? spare.take() : nullptr;
    size_t bytes;
    do shrink_shared(cache, node, entry == nullptr ? 0 : limit);
    while (!swap_entries(node.shared, entry, limit, bytes));
    if (entry != nullptr) metadata_free(entry, bytes);
}

// Alien arrays hold as many objects as threads' arrays do. Those that came since spare entries were counted stay.
void resize_aliens(kmem_cache* cache, cache_node& node, uint32_t limit, spare_entries& spare) {
    shared_array* arrays = node.alien.load(std::memory_order_acquire);
    for (unsigned n = 0; arrays != nullptr && n < nr_nodes; n++) {
        if (n == node.id) continue;
        void** entry = spare.take();
        if (entry == nullptr) return;
        size_t bytes;
        do drain_alien(cache, node, n, true);
        while (!swap_entries(arrays[n], entry, limit, bytes));
        metadata_free(entry, bytes);
    }
}

size_t free_limit_of(const kmem_cache* cache, unsigned batchcount, size_t num) {
    size_t limit = node_free_limit(cache_settings.cpus, batchcount, num);
    size_t affordable = kWholePagesFree / cache->size;
    return of_whole_pages(cache) && affordable < limit ? affordable : limit;
}

void note_tunables(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned factor) {
    cache->limit = static_cast<uint16_t>(limit);
    cache->batchcount = static_cast<uint16_t>(batchcount);
    cache->shared_factor = static_cast<uint16_t>(factor);
}

}  // namespace

constinit mutex tuning_lock{lock_rank::tuning};

void cache_first_tunables(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned factor, size_t num) {
    note_tunables(cache, limit, batchcount, factor);
    for_each_node(cache, [&](cache_node& node) {
        node.shared.limit = factor * batchcount;
        node.free_limit = free_limit_of(cache, batchcount, num);
    });
}

bool cache_set_tunables(kmem_cache* cache, unsigned limit, unsigned batchcount, unsigned factor) {
    uint32_t shared_limit = factor * batchcount;
    size_t shared_arrays = 0, alien_arrays = 0;
    for_each_node(cache, [&](cache_node& node) {
        if (has_entries(node.shared)) shared_arrays++;
        if (node.alien.load(std::memory_order_relaxed) != nullptr) alien_arrays += nr_nodes - 1;
    });
    // Objects on their way home may be the first of the shared array there.
    if (alien_arrays > 0) shared_arrays = nr_nodes;
    spare_entries spare_shared(shared_limit), spare_aliens(limit);
    if (!spare_shared.make(shared_arrays) || !spare_aliens.make(alien_arrays)) return false;
    note_tunables(cache, limit, batchcount, factor);
    size_t num = cache_layout(cache, 2).num;
    for_each_node(cache, [&](cache_node& node) {
        resize_shared(cache, node, shared_limit, spare_shared);
        resize_aliens(cache, node, limit, spare_aliens);
        node.free_limit = free_limit_of(cache, batchcount, num);
    });
    return true;
}

}  // namespace kslab
