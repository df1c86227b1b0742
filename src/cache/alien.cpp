// Objects that were freed on another node than their own. They wait in the freeing node's alien arrays, one for each
// other node, and go home in batches: when their array is full, and by reaping, one node a tick in turn.
//
// The kernel sorts at every free; here free's fast path knows no nodes, and a flush sorts what it finds.
#include <new>

#include "cache/bad_free.h"
#include "cache/node.h"
#include "pages/meta_arena.h"
#include "pages/page_map.h"

namespace kslab {

namespace {

size_t aliens_bytes() { return nr_nodes * sizeof(shared_array); }

void release_aliens(shared_array* arrays) {
    for (unsigned n = 0; n < nr_nodes; n++)
        if (arrays[n].entry != nullptr) metadata_free(arrays[n].entry, entries_bytes(arrays[n].limit));
    metadata_free(arrays, aliens_bytes());
}

// Null when memory is short: then objects go home one by one.
shared_array* aliens_of(kmem_cache* cache, cache_node& node) {
    shared_array* arrays = node.alien.load(std::memory_order_acquire);
    if (KSLAB_LIKELY(arrays != nullptr)) return arrays;
    void* memory = metadata_allocate(aliens_bytes());
    if (memory == nullptr) return nullptr;
    arrays = static_cast<shared_array*>(memory);
    for (unsigned n = 0; n < nr_nodes; n++) new (&arrays[n]) shared_array(lock_rank::alien);
    for (unsigned n = 0; n < nr_nodes; n++) {
        if (n == node.id) continue;
        arrays[n].limit = cache->limit;
        arrays[n].entry = static_cast<void**>(metadata_allocate(entries_bytes(arrays[n].limit)));
        if (arrays[n].entry != nullptr) continue;
        release_aliens(arrays);
        return nullptr;
    }
    // With a lock that fork holds: it releases exactly the locks of those arrays that it found.
    scoped_lock lock(node.shared.lock);
    shared_array* other = node.alien.load(std::memory_order_acquire);
    if (other == nullptr) {
        node.alien.store(arrays, std::memory_order_release);
        return arrays;
    }
    lock.unlock();
    release_aliens(arrays);
    return other;
}

// Home: into the shared array there, and the rest into the slabs.
void send_home(kmem_cache* cache, cache_node& home, void* const* objects, unsigned count) {
    unsigned given = give_shared(home.shared, objects, count);
    if (given < count) free_block(cache, objects + given, count - given);
}

// Takes up to `most` of what waits, the oldest; with the lock.
unsigned take_oldest_locked(shared_array& alien, void** out, unsigned most) {
    unsigned avail = alien.avail;
    unsigned taken = avail < most ? avail : most;
    __builtin_memcpy(out, alien.entry, taken * sizeof(void*));
    __builtin_memmove(alien.entry, alien.entry + taken, (avail - taken) * sizeof(void*));
    alien.avail = avail - taken;
    return taken;
}

void empty_locked(kmem_cache* cache, shared_array& alien, cache_node& home, scoped_lock& lock) {
    void* leaving[kOnTheWay];
    // Not more than waited when we came: others may go on filling it.
    for (unsigned left = alien.avail; left > 0 && alien.avail > 0;) {
        unsigned taken = take_oldest_locked(alien, leaving, left < kOnTheWay ? left : kOnTheWay);
        lock.unlock();
        send_home(cache, home, leaving, taken);
        lock.lock();
        left -= taken;
    }
}

void put_alien(kmem_cache* cache, cache_node& node, shared_array* arrays, unsigned to, void* object) {
    node.node_frees.fetch_add(1, std::memory_order_relaxed);
    if (arrays == nullptr) return send_home(cache, cache->at(to), &object, 1);
    shared_array& alien = arrays[to];
    scoped_lock lock(alien.lock);
    while (alien.avail == alien.limit) {
        node.node_overflow.fetch_add(1, std::memory_order_relaxed);
        empty_locked(cache, alien, cache->at(to), lock);
    }
    alien.entry[alien.avail] = object;
    alien.avail += 1;
}

}  // namespace

unsigned sort_out_aliens(kmem_cache* cache, unsigned home, void** objects, unsigned count) {
    unsigned left = 0;
    shared_array* arrays = nullptr;
    for (unsigned i = 0; i < count; i++) {
        const slab* s = page_owner_inline(objects[i]).slab();
        // What is no object of ours is reported by free_block.
        if (s == nullptr || s->cache != cache || s->node == home) {
            objects[left++] = objects[i];
            continue;
        }
        if (arrays == nullptr) arrays = aliens_of(cache, cache->at(home));
        put_alien(cache, cache->at(home), arrays, s->node, objects[i]);
    }
    return left;
}

void drain_alien(kmem_cache* cache, cache_node& node, unsigned to, bool wait) {
    shared_array* arrays = node.alien.load(std::memory_order_acquire);
    if (arrays == nullptr || to == node.id || arrays[to].avail == 0) return;
    mutex& its_lock = arrays[to].lock;
    if (wait) {
        scoped_lock lock(its_lock);
        empty_locked(cache, arrays[to], cache->at(to), lock);
    } else if (its_lock.try_lock()) {
        scoped_lock lock(its_lock, scoped_lock::taken{});
        empty_locked(cache, arrays[to], cache->at(to), lock);
    }
}

void drain_aliens(kmem_cache* cache) {
    if (nr_nodes == 1) return;
    for_each_node(cache, [cache](cache_node& node) {
        for (unsigned to = 0; to < nr_nodes; to++) drain_alien(cache, node, to, true);
    });
}

size_t waiting_aliens(const cache_node& node) {
    const shared_array* arrays = node.alien.load(std::memory_order_acquire);
    size_t waiting = 0;
    for (unsigned n = 0; arrays != nullptr && n < nr_nodes; n++) waiting += arrays[n].avail;
    return waiting;
}

void release_alien_arrays(cache_node& node) {
    shared_array* arrays = node.alien.exchange(nullptr, std::memory_order_acq_rel);
    if (arrays != nullptr) release_aliens(arrays);
}

}  // namespace kslab
