// Making and tearing down a thread's arrays.
#include "thread/thread.h"

#include "base/check.h"
#include "cache/node.h"
#include "os/thread_exit.h"
#include "pages/meta_arena.h"
#include "thread/rcu.h"
#include "thread/slots.h"
#include "thread/tune.h"

namespace kslab {

KSLAB_APART constinit thread_cache empty_thread{};
KSLAB_APART constinit thread_cache dead_thread{};
constinit __thread thread_cache* current_thread __attribute__((tls_model("initial-exec"))) = &empty_thread;
constinit kmalloc_table kmalloc_slots{};
extern uint16_t malloc_slots[kMallocSlots] __attribute__((alias("_ZN5kslab13kmalloc_slotsE")));
static_assert(sizeof(malloc_slots) == sizeof(kmalloc_table), "one object by several names, for a sanitizer as well");
static_assert(__builtin_offsetof(kmalloc_table, slot) == 0);
// What inlined fast paths know these two by, in the archives only (kslab/inline.h); the number is that of the layout.
extern "C" {
extern __thread thread_cache* kslab_static_library_thread_layout_1
    __attribute__((alias("_ZN5kslab14current_threadE"), tls_model("initial-exec")));
extern uint16_t kslab_static_library_slots_layout_1[kMallocSlots]
    __attribute__((alias("_ZN5kslab13kmalloc_slotsE")));
}
constinit slot_table slots{};
constinit array_cache no_array{};
constinit kmem_cache* vector_caches[kMaxVectorCaches]{};
constinit mutex thread_list_lock{lock_rank::thread_list};

namespace {

std::atomic<unsigned> next_number{0};

constexpr unsigned kExitRounds = 2;

list_head threads;  // thread_list_lock
list_head orphans;  // thread_list_lock; their owners vanished in a fork

void init_arrays(thread_cache* thread) {
    for (unsigned i = 0; i < slots.count; i++) {
        kmem_cache* cache = slots.cache[i];
        array_cache_init(array_at(thread, cache->slot), tune_capacity(cache));
    }
}

thread_cache* make_thread() {
    thread_cache* thread = static_cast<thread_cache*>(metadata_allocate(sizeof(thread_cache)));
    if (thread == nullptr) return nullptr;
    __builtin_memset(thread, 0, kThreadHeaderBytes);
    thread->room = slots.thread_bytes;
    init_arrays(thread);
    return thread;
}

// Of the orphans one, now in the list of threads; null when there is none. What its owner left in the arrays is the new owner's.
thread_cache* take_orphan() {
    scoped_lock lock(thread_list_lock);
    if (orphans.empty()) return nullptr;
    thread_cache* thread = KSLAB_CONTAINER_OF(orphans.next, thread_cache, all);
    list_head::del(&thread->all);
    threads.add(&thread->all);
    return thread;
}

void discard_array(array_cache* ac) {
    if (ac != nullptr) metadata_free(ac, array_cache_bytes(ac->capacity()));
}

void free_vector(thread_cache* thread) {
    for (uint32_t i = 0; i < vector_size(thread); i++) discard_array(thread->vector[i].real);
    if (thread->vector != nullptr) metadata_free(thread->vector, thread->vector_bytes);
}

// Nothing enters the arrays any more.
void end_thread(thread_cache* thread) {
    drain_thread(thread);
    return_lent_room(thread);
    {
        scoped_lock lock(thread_list_lock);
        list_head::del(&thread->all);
        free_vector(thread);
        if (thread->shadow != nullptr) metadata_free(thread->shadow, sizeof(thread_cache));
    }
    metadata_free(thread, sizeof(thread_cache));
}

}  // namespace

void thread_boot(size_t thread_cache_bytes) {
    threads.init();
    orphans.init();
    slots.next_offset = kThreadHeaderBytes;
    slots.thread_bytes = thread_cache_bytes;
    os_thread_exit_init(thread_exit);
}

uint16_t thread_assign_slot(unsigned limit) {
    uint16_t slot = slots.next_offset;
    KSLAB_CHECK(array_cache_bytes(limit) > kCacheLine, "arrays of so few entries would share a line of slots.index_at_line");
    slots.next_offset = static_cast<uint16_t>(slot + array_cache_bytes(limit));
    KSLAB_CHECK(slots.next_offset <= sizeof(thread_cache), "the size classes need a larger kSlotBytes");
    return slot;
}

void thread_register_slot(kmem_cache* cache) {
    slots.index_at_line[cache->slot / kCacheLine] = static_cast<uint8_t>(slots.count);
    slots.cache[slots.count++] = cache;
}

bool thread_assign_index(kmem_cache* cache, unsigned most) {
    cache->index = kNoVectorIndex;
    scoped_lock lock(thread_list_lock);
    // Index 0 is that of caches with a slot, or under debugging: kmem_cache_alloc finds no array there.
    for (unsigned i = 1; i < most; i++) {
        if (vector_caches[i] != nullptr) continue;
        vector_caches[i] = cache;
        cache->index = static_cast<uint16_t>(i);
        cache->vector_offset = i * static_cast<uint32_t>(sizeof(array_slot));
        return true;
    }
    return false;
}

void thread_release_index(kmem_cache* cache) {
    if (cache->index == kNoVectorIndex) return;
    scoped_lock lock(thread_list_lock);
    vector_caches[cache->index] = nullptr;
}

thread_cache* thread_attach() {
    thread_cache* thread = take_orphan();
    if (thread == nullptr) {
        thread = make_thread();
        if (thread == nullptr) return nullptr;
        scoped_lock lock(thread_list_lock);
        threads.add(&thread->all);
    }
    thread->number = next_number.fetch_add(1, std::memory_order_relaxed);
    thread_deal_node(thread);
    current_thread = thread;
    os_thread_exit_arm(thread);
    return thread;
}

void thread_exit(void* argument) {
    thread_cache* thread = static_cast<thread_cache*>(argument);
    if (thread != this_thread()) return;
    // Destructors of other keys may still free: let a round of them run first. Not more: a thread whose first
    // allocation came in the second round is called once in the third and once in the fourth, the last. What
    // is freed later goes to its slab directly.
    if (++thread->exit_round < kExitRounds) return os_thread_exit_arm(thread);
    // From here on nothing enters the arrays again.
    rcu_thread_exit(thread);
    current_thread = &dead_thread;
    end_thread(thread);
}

namespace {

bool grow_vector(thread_cache* thread, uint32_t index) {
    uint32_t have = vector_size(thread);
    uint32_t size = have == 0 ? 16 : have;
    while (size <= index) size *= 2;
    auto* grown = static_cast<array_slot*>(metadata_allocate(size * sizeof(array_slot)));
    if (grown == nullptr) return false;
    for (uint32_t i = have; i < size; i++) grown[i] = {&no_array, nullptr};
    scoped_lock lock(thread_list_lock);
    for (uint32_t i = 0; i < have; i++) grown[i] = thread->vector[i];
    if (thread->vector != nullptr) metadata_free(thread->vector, thread->vector_bytes);
    thread->vector = grown;
    thread->vector_bytes = size * static_cast<uint32_t>(sizeof(array_slot));
    return true;
}

array_cache* make_array(const kmem_cache* cache) {
    unsigned capacity = cache->limit;
    auto* ac = static_cast<array_cache*>(metadata_allocate(array_cache_bytes(capacity)));
    if (ac != nullptr) array_cache_init(ac, capacity);
    return ac;
}

void set_array(thread_cache* thread, const kmem_cache* cache, array_cache* ac) {
    scoped_lock lock(thread_list_lock);
    thread->vector[cache->index] = {cache->slow != 0 ? &no_array : ac, ac};
}

// Tuning changed the limit that the array has room for. Without memory it stays as it is.
array_cache* replace_array(thread_cache* thread, const kmem_cache* cache, array_cache* old) {
    if (old->avail > cache->limit) return old;
    array_cache* ac = make_array(cache);
    if (ac == nullptr || old->avail > ac->capacity()) return discard_array(ac), old;
    if (old->limit > ac->capacity()) set_array_limit(thread, cache, old, ac->capacity());
    ac->batchcount = old->batchcount;
    ac->touched = old->touched;
    ac->last = old->last;
    ac->limit = old->limit;
    __builtin_memcpy(ac->entry, old->entry, old->avail * sizeof(void*));
    array_set_avail(ac, old->avail);
    set_array(thread, cache, ac);
    discard_array(old);
    return ac;
}

}  // namespace

array_cache* thread_vector_array(thread_cache* thread, const kmem_cache* cache) {
    uint32_t index = cache->index;
    if (KSLAB_UNLIKELY(index == kNoVectorIndex)) return nullptr;
    if (index < vector_size(thread)) {
        array_cache* ac = thread->vector[index].real;
        if (KSLAB_UNLIKELY(ac != nullptr && ac->capacity() != cache->limit)) ac = replace_array(thread, cache, ac);
        if (ac != nullptr) return ac;
    }
    array_cache* ac = make_array(cache);
    if (ac == nullptr) return nullptr;
    if (index >= vector_size(thread) && !grow_vector(thread, index)) {
        discard_array(ac);
        return nullptr;
    }
    set_array(thread, cache, ac);
    return ac;
}

void drain_all_arrays_of(kmem_cache* cache) {
    scoped_lock lock(thread_list_lock);
    for (list_head* list : {&threads, &orphans})
        for (list_head* at = list->next; at != list; at = at->next) {
            thread_cache* thread = KSLAB_CONTAINER_OF(at, thread_cache, all);
            array_cache* ac = cache->index < vector_size(thread) ? thread->vector[cache->index].real : nullptr;
            if (ac == nullptr) continue;
            array_release_oldest(thread, cache, ac, ac->avail, true);
            reserve(thread, 0 - held_bytes(cache, ac->limit));
            thread->vector[cache->index] = {&no_array, nullptr};
            discard_array(ac);
        }
}

void drain_orphans() {
    while (thread_cache* thread = take_orphan()) end_thread(thread);
}

void for_each_array(void (*visit)(kmem_cache*, const array_cache*, void*), void* context) {
    scoped_lock lock(thread_list_lock);
    for (list_head* list : {&threads, &orphans})
        for (list_head* at = list->next; at != list; at = at->next) {
            thread_cache* thread = KSLAB_CONTAINER_OF(at, thread_cache, all);
            for (unsigned i = 0; i < slots.count; i++)
                visit(slots.cache[i], array_at(thread, slots.cache[i]->slot), context);
            for (uint32_t i = 0; i < vector_size(thread); i++)
                if (thread->vector[i].real != nullptr) visit(vector_caches[i], thread->vector[i].real, context);
        }
}

void for_each_thread(void (*visit)(thread_cache*, void*), void* context) {
    scoped_lock lock(thread_list_lock);
    for (list_head* at = threads.next; at != &threads; at = at->next)
        visit(KSLAB_CONTAINER_OF(at, thread_cache, all), context);
}

void threads_after_fork() {
    for (list_head* at = threads.next; at != &threads;) {
        thread_cache* thread = KSLAB_CONTAINER_OF(at, thread_cache, all);
        at = at->next;
        if (thread == this_thread()) continue;
        list_head::del(&thread->all);
        // It may have been anywhere.
        thread->rcu_section = 0;
        thread->group = 0;
        thread->exit_round = 0;
        thread->refilling = 0;
        orphans.add(&thread->all);
    }
}

}  // namespace kslab
