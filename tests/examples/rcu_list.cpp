// A list that readers walk without a lock, on type-stable memory: a removed session is freed at once, and a reader that
// meets one which became another meanwhile notices, because it looks at the key again after it took a reference.
//
//   c++ -std=c++17 rcu_list.cpp $(pkg-config --cflags --libs kslab-api)
#include <kslab/kmem_cache.h>
#include <kslab/rcu.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace {

constexpr unsigned kBuckets = 64, kKeys = 512, kRounds = 200000;

struct session {
    session* next;
    std::atomic<unsigned> references;  // 0: free, or being freed; the constructor makes it 0, and frees leave it so
    std::atomic<unsigned> key;
    std::atomic<unsigned> check;  // key * 3 + 1
};

void construct(void* memory) { new (memory) session{}; }

kmem_cache* cache;
session* buckets[kBuckets];
std::mutex writers;

session** bucket_of(unsigned key) { return &buckets[key % kBuckets]; }

void put(session* s) {
    if (s->references.fetch_sub(1, std::memory_order_acq_rel) == 1) kmem_cache_free(cache, s);
}

// A reference, unless the session is free already.
bool get(session* s) {
    unsigned references = s->references.load(std::memory_order_relaxed);
    while (references != 0)
        if (s->references.compare_exchange_weak(references, references + 1, std::memory_order_acquire)) return true;
    return false;
}

// The session with that key, with a reference; null when there is none.
session* find(unsigned key, unsigned long& restarts) {
    kslab::rcu_read_guard section;
again:
    for (session* s = rcu_dereference(*bucket_of(key)); s != nullptr; s = rcu_dereference(s->next)) {
        unsigned seen = s->key.load(std::memory_order_relaxed);
        if (seen % kBuckets != key % kBuckets) {  // it became another, in another bucket: the way on is lost
            restarts++;
            goto again;
        }
        if (seen != key) continue;
        if (!get(s)) return nullptr;
        if (s->key.load(std::memory_order_relaxed) == key) return s;
        // It became another between the look and the reference.
        put(s);
        restarts++;
        goto again;
    }
    return nullptr;
}

// The list has a reference of its own.
bool insert(unsigned key) {
    auto* s = static_cast<session*>(kmem_cache_alloc(cache, GFP_KERNEL));
    if (s == nullptr) return false;
    std::lock_guard<std::mutex> lock(writers);
    s->key.store(key, std::memory_order_relaxed);
    s->check.store(key * 3 + 1, std::memory_order_relaxed);
    rcu_assign_pointer(s->next, *bucket_of(key));  // readers may look at what it was
    s->references.store(1, std::memory_order_release);
    rcu_assign_pointer(*bucket_of(key), s);
    return true;
}

bool remove(unsigned key) {
    session* s;
    {
        std::lock_guard<std::mutex> lock(writers);
        session** at = bucket_of(key);
        while (*at != nullptr && (*at)->key.load(std::memory_order_relaxed) != key) at = &(*at)->next;
        s = *at;
        if (s == nullptr) return false;
        rcu_assign_pointer(*at, s->next);
    }
    put(s);  // perhaps freed at once, while readers look at it
    return true;
}

std::atomic<bool> done{false};
std::atomic<unsigned long> found{0}, missed{0}, restarted{0}, wrong{0};

void look_up(unsigned seed) {
    unsigned long restarts = 0;
    while (!done) {
        seed = seed * 1664525 + 1013904223;
        unsigned key = (seed >> 8) % kKeys;
        session* s = find(key, restarts);
        if (s == nullptr) {
            missed++;
            continue;
        }
        // With a reference it stays what it is.
        if (s->key != key || s->check != key * 3 + 1) wrong++;
        found++;
        put(s);
    }
    restarted += restarts;
}

void change(unsigned first) {
    for (unsigned round = 0; round < kRounds; round++) {
        unsigned key = (first + round * 2) % kKeys;
        if (!remove(key)) insert(key);
    }
}

}  // namespace

int main() {
    cache = kmem_cache_create("session", sizeof(session), 0, SLAB_DESTROY_BY_RCU, construct);
    if (cache == nullptr) return 1;
    std::vector<std::thread> readers;
    for (unsigned i = 0; i < 2; i++) readers.emplace_back(look_up, i);
    std::thread even(change, 0), odd(change, 1);
    even.join();
    odd.join();
    done = true;
    for (std::thread& reader : readers) reader.join();
    unsigned left = 0;
    for (unsigned key = 0; key < kKeys; key++) left += remove(key);
    kmem_cache_destroy(cache);  // waits for readers, were there any
    std::printf("%u changes; %lu found, %lu not there, %lu looks started again, %u sessions at the end, %lu wrong\n",
                2 * kRounds, found.load(), missed.load(), restarted.load(), left, wrong.load());
    return wrong == 0 && found != 0 ? 0 : 1;
}
