// Making and tearing down a thread's arrays.
#include "thread/thread.h"

#include "base/check.h"
#include "cache/node.h"
#include "os/thread_exit.h"
#include "pages/meta_arena.h"
#include "thread/slots.h"

namespace kslab {

constinit thread_cache empty_thread{};
constinit thread_cache dead_thread{};
constinit __thread thread_cache* current_thread __attribute__((tls_model("initial-exec"))) = &empty_thread;
constinit uint16_t malloc_slots[kFastMaximum / 16 + 1]{};
constinit slot_table slots{};
constinit kmem_cache* vector_caches[kMaxVectorCaches]{};
constinit mutex thread_list_lock{lock_rank::thread_list};

namespace {

constexpr unsigned kExitRounds = 2;

list_head threads;  // thread_list_lock
list_head orphans;  // thread_list_lock; their owners vanished in a fork

void init_arrays(thread_cache* thread) {
    for (unsigned i = 0; i < slots.count; i++) {
        kmem_cache* cache = slots.cache[i];
        array_cache_init(array_at(thread, cache->slot), cache->limit);
    }
}

thread_cache* make_thread() {
    thread_cache* thread = static_cast<thread_cache*>(metadata_allocate(sizeof(thread_cache)));
    if (thread == nullptr) return nullptr;
    __builtin_memset(thread, 0, kThreadHeaderBytes);
    init_arrays(thread);
    return thread;
}

// What its owner left in the arrays is the new owner's.
thread_cache* adopt_orphan() {
    scoped_lock lock(thread_list_lock);
    if (orphans.empty()) return nullptr;
    thread_cache* thread = KSLAB_CONTAINER_OF(orphans.next, thread_cache, all);
    list_head::del(&thread->all);
    threads.add(&thread->all);
    return thread;
}

void free_vector(thread_cache* thread) {
    for (uint32_t i = 0; i < thread->vector_size; i++)
        if (array_cache* ac = thread->vector[i]) metadata_free(ac, array_cache_bytes(ac->capacity()));
    if (thread->vector != nullptr) metadata_free(thread->vector, thread->vector_size * sizeof(array_cache*));
}

void unlink_thread(thread_cache* thread) {
    scoped_lock lock(thread_list_lock);
    list_head::del(&thread->all);
    free_vector(thread);
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
    slots.next_offset = static_cast<uint16_t>(slot + array_cache_bytes(limit));
    KSLAB_CHECK(slots.next_offset <= sizeof(thread_cache), "the size classes need a larger kSlotBytes");
    return slot;
}

void thread_register_slot(kmem_cache* cache) { slots.cache[slots.count++] = cache; }

bool thread_assign_index(kmem_cache* cache) {
    scoped_lock lock(thread_list_lock);
    for (unsigned i = 0; i < kMaxVectorCaches; i++) {
        if (vector_caches[i] != nullptr) continue;
        vector_caches[i] = cache;
        cache->index = static_cast<uint16_t>(i);
        return true;
    }
    return false;
}

void thread_release_index(kmem_cache* cache) {
    scoped_lock lock(thread_list_lock);
    vector_caches[cache->index] = nullptr;
}

thread_cache* thread_attach() {
    thread_cache* thread = adopt_orphan();
    if (thread == nullptr) {
        thread = make_thread();
        if (thread == nullptr) return nullptr;
        scoped_lock lock(thread_list_lock);
        threads.add(&thread->all);
    }
    current_thread = thread;
    os_thread_exit_arm(thread);
    return thread;
}

void thread_exit(void* argument) {
    thread_cache* thread = static_cast<thread_cache*>(argument);
    if (thread != current_thread) return;
    // Destructors of other keys may still free: let a round of them run first. Not more: a thread whose first
    // allocation came in the second round is called once in the third and once in the fourth, the last. What
    // is freed later goes to its slab directly.
    if (++thread->exit_round < kExitRounds) return os_thread_exit_arm(thread);
    drain_thread(thread);
    current_thread = &dead_thread;
    unlink_thread(thread);
    metadata_free(thread, sizeof(thread_cache));
}

array_cache* thread_vector_array(thread_cache* thread, const kmem_cache* cache) {
    uint32_t index = cache->index;
    if (index < thread->vector_size && thread->vector[index] != nullptr) return thread->vector[index];
    unsigned limit = cache->limit;  // read once: it may be tuned meanwhile
    array_cache* ac = static_cast<array_cache*>(metadata_allocate(array_cache_bytes(limit)));
    if (ac == nullptr) return nullptr;
    array_cache_init(ac, limit);
    if (index >= thread->vector_size) {
        uint32_t size = thread->vector_size == 0 ? 16 : thread->vector_size;
        while (size <= index) size *= 2;
        void* memory = metadata_allocate(size * sizeof(array_cache*));
        if (memory == nullptr) {
            metadata_free(ac, array_cache_bytes(limit));
            return nullptr;
        }
        array_cache** grown = static_cast<array_cache**>(memory);
        scoped_lock lock(thread_list_lock);
        for (uint32_t i = 0; i < size; i++) grown[i] = i < thread->vector_size ? thread->vector[i] : nullptr;
        if (thread->vector != nullptr) metadata_free(thread->vector, thread->vector_size * sizeof(array_cache*));
        thread->vector = grown;
        thread->vector_size = size;
    }
    scoped_lock lock(thread_list_lock);
    thread->vector[index] = ac;
    return ac;
}

void drain_all_arrays_of(kmem_cache* cache) {
    scoped_lock lock(thread_list_lock);
    for (list_head* list : {&threads, &orphans})
        for (list_head* at = list->next; at != list; at = at->next) {
            thread_cache* thread = KSLAB_CONTAINER_OF(at, thread_cache, all);
            array_cache* ac = cache->index < thread->vector_size ? thread->vector[cache->index] : nullptr;
            if (ac == nullptr) continue;
            array_release_oldest(cache, ac, ac->avail, true);
            reserve(thread, 0 - held_bytes(cache, ac->limit));
            thread->vector[cache->index] = nullptr;
            metadata_free(ac, array_cache_bytes(ac->capacity()));
        }
}

void drain_orphans() {
    for (;;) {
        thread_cache* thread;
        {
            scoped_lock lock(thread_list_lock);
            if (orphans.empty()) return;
            thread = KSLAB_CONTAINER_OF(orphans.next, thread_cache, all);
            list_head::del(&thread->all);
            threads.add(&thread->all);
        }
        drain_thread(thread);
        unlink_thread(thread);
        metadata_free(thread, sizeof(thread_cache));
    }
}

void for_each_array(void (*visit)(kmem_cache*, const array_cache*, void*), void* context) {
    scoped_lock lock(thread_list_lock);
    for (list_head* list : {&threads, &orphans})
        for (list_head* at = list->next; at != list; at = at->next) {
            thread_cache* thread = KSLAB_CONTAINER_OF(at, thread_cache, all);
            for (unsigned i = 0; i < slots.count; i++)
                visit(slots.cache[i], array_at(thread, slots.cache[i]->slot), context);
            for (uint32_t i = 0; i < thread->vector_size; i++)
                if (thread->vector[i] != nullptr) visit(vector_caches[i], thread->vector[i], context);
        }
}

void threads_after_fork() {
    for (list_head* at = threads.next; at != &threads;) {
        thread_cache* thread = KSLAB_CONTAINER_OF(at, thread_cache, all);
        at = at->next;
        if (thread == current_thread) continue;
        list_head::del(&thread->all);
        orphans.add(&thread->all);
    }
}

}  // namespace kslab
