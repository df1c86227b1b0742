// Pools: creation, resizing, destruction, and their locks in a fork (include/kslab/mempool.h).
#include "api/mempool.h"

#include <errno.h>

#include <new>

#include "base/check.h"
#include "base/host.h"
#include "kslab/kmalloc.h"

namespace kslab {

namespace {

constinit mutex list_lock{lock_rank::mempools};
constinit list_head all_pools{&all_pools, &all_pools};
bool list_held_for_fork;

mempool_s* create_refused(int min_nr, const char* why) {
    report_line()->put("mempool_create(").sdec(min_nr).put(") failed: ").put(why);
    errno = EINVAL;
    return nullptr;
}

// A table for `count` elements; null when memory is short.
void** new_table(int count, gfp_t gfp) {
    return static_cast<void**>(kmalloc(static_cast<size_t>(count) * sizeof(void*), gfp & ~__GFP_ZERO));
}

// False: the backing had too little.
bool fill(mempool_s* pool, gfp_t gfp) {
    while (pool->curr_nr < pool->min_nr) {
        void* element = pool->alloc(gfp, pool->pool_data);
        if (element == nullptr) return false;
        scoped_lock hold(pool->lock);
        // Nobody knows the pool yet.
        static_cast<void>(add_element_locked(pool, element));
    }
    return true;
}

void enlist(mempool_s* pool) {
    scoped_lock hold(list_lock);
    all_pools.add(&pool->all);
}

void free_pool(mempool_s* pool) {
    kfree(pool->elements);
    kfree(pool);
}

void free_reserve(mempool_s* pool) {
    while (pool->curr_nr > 0) {
        scoped_lock hold(pool->lock);
        void* element = remove_element_locked(pool);
        hold.unlock();
        pool->free(element, pool->pool_data);
    }
}

uint32_t waiters_of(mempool_s* pool) {
    scoped_lock hold(pool->lock);
    return pool->waiters;
}

// Frees the surplus one by one. Others may resize meanwhile: who made the reserve smaller still has the last word,
// because the table may have been replaced by one that has room for no more.
void shrink_to(mempool_s* pool, int new_min_nr) {
    scoped_lock hold(pool->lock);
    while (pool->curr_nr > new_min_nr) {
        void* element = remove_element_locked(pool);
        hold.unlock();
        pool->free(element, pool->pool_data);
        hold.lock();
    }
    if (new_min_nr < pool->min_nr) pool->min_nr = new_min_nr;
}

// Puts `table` into the pool's place of its own, or hands it back when another resize has made the pool as large.
// What comes back is to be freed.
void** exchange_table(mempool_s* pool, void** table, int new_min_nr, bool& raced) {
    scoped_lock hold(pool->lock);
    raced = new_min_nr <= pool->min_nr;
    if (raced) return table;
    for (int i = 0; i < pool->curr_nr; i++) table[i] = pool->elements[i];
    void** former = pool->elements;
    pool->elements = table;
    pool->min_nr = new_min_nr;
    return former;
}

// False when the reserve was full already: mempool_free or another resize came first.
bool add_if_room(mempool_s* pool, void* element) {
    scoped_lock hold(pool->lock);
    if (pool->curr_nr >= pool->min_nr) return false;
    bool wake = add_element_locked(pool, element);
    hold.unlock();
    if (wake) wake_one_waiter(pool);
    return true;
}

int grow_to(mempool_s* pool, int new_min_nr, gfp_t gfp) {
    void** table = new_table(new_min_nr, gfp);
    if (table == nullptr) return -ENOMEM;
    bool raced;
    kfree(exchange_table(pool, table, new_min_nr, raced));
    if (raced) return 0;
    while (pool->curr_nr < pool->min_nr) {
        void* element = pool->alloc(gfp, pool->pool_data);
        if (element == nullptr) break;
        if (add_if_room(pool, element)) continue;
        pool->free(element, pool->pool_data);
        break;
    }
    return 0;
}

}  // namespace

bool add_element_locked(mempool_s* pool, void* element) {
    KSLAB_ASSERT(pool->curr_nr < pool->min_nr);
    pool->elements[pool->curr_nr] = element;
    pool->curr_nr += 1;
    return note_change_locked(pool);
}

bool note_change_locked(mempool_s* pool) {
    pool->wake_word.fetch_add(1, std::memory_order_release);
    return pool->waiters > 0;
}

void* remove_element_locked(mempool_s* pool) {
    if (pool->curr_nr == 0) return nullptr;
    pool->curr_nr -= 1;
    return pool->elements[pool->curr_nr];
}

void wake_one_waiter(mempool_s* pool) { host_futex_wake_one(reinterpret_cast<uint32_t*>(&pool->wake_word)); }

namespace {

template <typename F>
void for_each_pool(F visit) {
    for (list_head* at = all_pools.next; at != &all_pools; at = at->next)
        visit(KSLAB_CONTAINER_OF(at, mempool_s, all));
}

}  // namespace

void mempool_locks_take() {
    check_ranks(false);
    list_held_for_fork = list_lock.lock();
    for_each_pool([](mempool_s* pool) { pool->held_for_fork = pool->lock.lock(); });
}

void mempool_locks_release() {
    for_each_pool([](mempool_s* pool) { pool->lock.unlock(pool->held_for_fork); });
    list_lock.unlock(list_held_for_fork);
}

void mempool_locks_reset() {
    for_each_pool([](mempool_s* pool) {
        pool->waiters = 0;
        pool->lock.reset();
    });
    list_lock.reset();
}

}  // namespace kslab

using namespace kslab;

extern "C" {

KSLAB_EXPORT mempool_t* mempool_create_node(int min_nr, mempool_alloc_t* alloc_fn, mempool_free_t* free_fn,
                                            void* pool_data, gfp_t gfp_mask, int node) {
    if (min_nr < 0) return create_refused(min_nr, "a pool cannot have less than no elements");
    if (alloc_fn == nullptr || free_fn == nullptr) return create_refused(min_nr, "a pool needs two functions");
    void* memory = kmalloc_node(sizeof(mempool_s), gfp_mask & ~__GFP_ZERO, node);
    if (memory == nullptr) return errno = ENOMEM, nullptr;
    auto* pool = new (memory) mempool_s{};
    pool->alloc = alloc_fn;
    pool->free = free_fn;
    pool->pool_data = pool_data;
    pool->elements = new_table(min_nr, gfp_mask);
    if (pool->elements == nullptr) return kfree(pool), errno = ENOMEM, nullptr;
    pool->min_nr = min_nr;
    if (!fill(pool, gfp_mask)) {
        free_reserve(pool);
        free_pool(pool);
        errno = ENOMEM;
        return nullptr;
    }
    enlist(pool);
    return pool;
}

KSLAB_EXPORT mempool_t* mempool_create(int min_nr, mempool_alloc_t* alloc_fn, mempool_free_t* free_fn,
                                       void* pool_data) {
    return mempool_create_node(min_nr, alloc_fn, free_fn, pool_data, GFP_KERNEL, NUMA_NO_NODE);
}

KSLAB_EXPORT void mempool_destroy(mempool_t* pool) {
    if (pool == nullptr) return;
    {
        scoped_lock hold(list_lock);
        list_head::del(&pool->all);
    }
    if (uint32_t waiters = waiters_of(pool)) {
        report_line()->put("mempool_destroy: ").dec(waiters).put(" threads wait for an element of the pool");
        host_abort();
    }
    free_reserve(pool);
    free_pool(pool);
}

KSLAB_EXPORT int mempool_resize(mempool_t* pool, int new_min_nr, gfp_t gfp_mask) {
    if (new_min_nr <= 0) {
        report_line()->put("mempool_resize(").sdec(new_min_nr).put("): a reserve has at least one element");
        host_abort();
    }
    if (new_min_nr <= pool->min_nr) return shrink_to(pool, new_min_nr), 0;
    return grow_to(pool, new_min_nr, gfp_mask);
}

KSLAB_EXPORT int mempool_min_nr(const mempool_t* pool) { return pool->min_nr; }

KSLAB_EXPORT int mempool_curr_nr(const mempool_t* pool) { return pool->curr_nr; }

}  // extern "C"
