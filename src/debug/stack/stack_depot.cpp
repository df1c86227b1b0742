// Stacks lie one behind the other in blocks; an id is the place of one, counted in words through all blocks. They are
// found by a hash table that grows by one bucket for each stack added (linear hashing), so that no addition takes
// long, and a program with few stacks touches little memory.
//
//   buckets in use = stacks + 1; a stack is in the bucket of its hash's low bits, of which one more counts in the
//   buckets that were split since the number was a power of two
//
// A stack is written before its id is published, and never changes but for the link to the next of its bucket. A
// reader may miss one that is being moved to another bucket; whoever finds nothing looks again with the lock. That
// chains are moved under a reader is harmless: each link leads to a stack, and no sequence of them is endless, for
// a chain is linked anew from its end.
#include "debug/stack/stack_depot.h"

#include "debug/stack/backtrace_libunwind.h"
#include "debug/stack/backtrace_thread.h"
#include "debug/stack/modules_seen.h"
#include "pages/meta_arena.h"

namespace kslab {

constinit mutex stack_depot_lock{lock_rank::stack_depot};

namespace {

struct depot_stack {
    std::atomic<uint32_t> next;  // id; 0 ends the chain
    uint32_t hash;
    uint16_t count;
    stack_source source;
    uintptr_t frame[];

    bool is(const stack_trace& s, uint32_t its_hash) const {
        if (hash != its_hash || count != s.count || source != s.source) return false;
        for (unsigned i = 0; i < count; i++)
            if (frame[i] != s.frame[i]) return false;
        return true;
    }
};
static_assert(sizeof(depot_stack) == 16);

constexpr size_t kWord = sizeof(uintptr_t);
constexpr unsigned kBlockShift = 15;  // words
constexpr uint32_t kBlockWords = uint32_t{1} << kBlockShift;
constexpr uint32_t kBlocks = 16384;
constexpr unsigned kChunkShift = 12;  // buckets
constexpr uint32_t kChunkBuckets = uint32_t{1} << kChunkShift;
constexpr uint32_t kChunks = 512;  // beyond two million stacks the chains become longer

using bucket = std::atomic<uint32_t>;

KSLAB_APART constinit struct {
    std::atomic<uintptr_t*> blocks[kBlocks];
    std::atomic<bucket*> chunks[kChunks];
    std::atomic<uint32_t> buckets;  // 0: nothing was ever put
    // With the lock:
    uint32_t next_word;
    std::atomic<size_t> stacks;
    std::atomic<size_t> bytes;
} depot{};

depot_stack* stack_at(uint32_t id) {
    uintptr_t* block = depot.blocks[id >> kBlockShift].load(std::memory_order_acquire);
    return reinterpret_cast<depot_stack*>(block + (id & (kBlockWords - 1)));
}

bucket& bucket_at(uint32_t index) {
    return depot.chunks[index >> kChunkShift].load(std::memory_order_acquire)[index & (kChunkBuckets - 1)];
}

// The largest power of two that is not above `buckets`, less one.
uint32_t low_mask(uint32_t buckets) { return 0x7fffffffu >> __builtin_clz(buckets); }

uint32_t bucket_of(uint32_t hash, uint32_t buckets) {
    uint32_t mask = low_mask(buckets);
    uint32_t wide = hash & (2 * mask + 1);
    return wide < buckets ? wide : hash & mask;
}

uint32_t hash_of(const stack_trace& stack) {
    constexpr uint64_t kOdd = 0x9e3779b97f4a7c15ull;
    uint64_t hash = stack.count;
    // The products do not wait for each other.
    for (unsigned i = 0; i < stack.count; i++) hash = (hash << 9 | hash >> 55) + stack.frame[i] * kOdd;
    hash = (hash ^ hash >> 32) * kOdd;
    return static_cast<uint32_t>(hash >> 32);
}

uint32_t find(const stack_trace& stack, uint32_t hash) {
    uint32_t buckets = depot.buckets.load(std::memory_order_acquire);
    if (buckets == 0) return 0;
    uint32_t id = bucket_at(bucket_of(hash, buckets)).load(std::memory_order_acquire);
    while (id != 0) {
        const depot_stack* s = stack_at(id);
        if (s->is(stack, hash)) return id;
        id = s->next.load(std::memory_order_acquire);
    }
    return 0;
}

bool add_chunk_locked(uint32_t index) {
    void* memory = metadata_allocate(kChunkBuckets * sizeof(bucket));
    if (memory == nullptr) return false;
    auto* buckets = static_cast<bucket*>(memory);
    for (uint32_t i = 0; i < kChunkBuckets; i++) buckets[i].store(0, std::memory_order_relaxed);
    depot.bytes.fetch_add(kChunkBuckets * sizeof(bucket), std::memory_order_relaxed);
    depot.chunks[index].store(buckets, std::memory_order_release);
    return true;
}

// One more bucket: takes from the one that it is split from what belongs to it now.
void add_bucket_locked() {
    uint32_t fresh = depot.buckets.load(std::memory_order_relaxed);
    if (fresh == kChunks << kChunkShift) return;
    if ((fresh & (kChunkBuckets - 1)) == 0 && !add_chunk_locked(fresh >> kChunkShift)) return;
    depot.buckets.store(fresh + 1, std::memory_order_release);
    if (fresh == 0) return;
    bucket& from = bucket_at(fresh & low_mask(fresh));
    bucket& to = bucket_at(fresh);
    std::atomic<uint32_t>* link = &from;
    while (uint32_t id = link->load(std::memory_order_relaxed)) {
        depot_stack* s = stack_at(id);
        if (bucket_of(s->hash, fresh + 1) != fresh) {
            link = &s->next;
            continue;
        }
        link->store(s->next.load(std::memory_order_relaxed), std::memory_order_release);
        s->next.store(to.load(std::memory_order_relaxed), std::memory_order_release);
        to.store(id, std::memory_order_release);
    }
}

// Space for `words`, as an id; 0: memory is short. Id 0 is never given.
uint32_t take_words_locked(uint32_t words) {
    uint32_t id = depot.next_word == 0 ? 1 : depot.next_word;
    if ((id & (kBlockWords - 1)) + words > kBlockWords) id = (id | (kBlockWords - 1)) + 1;
    uint32_t block = id >> kBlockShift;
    if (block >= kBlocks) return 0;
    if (depot.blocks[block].load(std::memory_order_relaxed) == nullptr) {
        void* memory = metadata_allocate(kBlockWords * kWord);
        if (memory == nullptr) return 0;
        depot.bytes.fetch_add(kBlockWords * kWord, std::memory_order_relaxed);
        depot.blocks[block].store(static_cast<uintptr_t*>(memory), std::memory_order_release);
    }
    depot.next_word = id + words;
    return id;
}

uint32_t add_locked(const stack_trace& stack, uint32_t hash) {
    add_bucket_locked();
    uint32_t buckets = depot.buckets.load(std::memory_order_relaxed);
    uint32_t words = static_cast<uint32_t>(sizeof(depot_stack) / kWord) + stack.count;
    uint32_t id = buckets == 0 ? 0 : take_words_locked(words);
    if (id == 0) return 0;
    depot_stack* s = stack_at(id);
    s->hash = hash;
    s->count = static_cast<uint16_t>(stack.count);
    s->source = stack.source;
    for (unsigned i = 0; i < stack.count; i++) s->frame[i] = stack.frame[i];
    bucket& head = bucket_at(bucket_of(hash, buckets));
    s->next.store(head.load(std::memory_order_relaxed), std::memory_order_relaxed);
    head.store(id, std::memory_order_release);
    depot.stacks.fetch_add(1, std::memory_order_relaxed);
    return id;
}

KSLAB_NOINLINE uint32_t put_slow(const stack_trace& stack, uint32_t hash) {
    scoped_lock lock(stack_depot_lock);
    if (uint32_t id = find(stack, hash)) return id;
    return add_locked(stack, hash);
}

// Without what the thread remembers, on its own stack: often a signal handler that interrupted stack_depot_here, perhaps
// where it holds the lock. Then a new stack is not kept.
KSLAB_NOINLINE uint32_t put_without_state() {
    stack_trace stack;
    backtrace_capture(stack, track_depth);
    if (stack.count == 0) return 0;
    uint32_t hash = hash_of(stack);
    uint32_t id = find(stack, hash);
    if (id != 0 || backtrace_is_making_state() || !stack_depot_lock.try_lock()) return id;
    id = find(stack, hash);
    if (id == 0) id = add_locked(stack, hash);
    stack_depot_lock.unlock();
    return id;
}

__attribute__((noinline)) uint32_t put_walk(backtrace_thread* mine, stack_position at, recent_stack& recent) {
    if (KSLAB_UNLIKELY(libunwind_load_state.load(std::memory_order_relaxed) == libunwind_load::later))
        libunwind_load_later(at);
    machine_registers here;
    here.take();
    slot_log log{recent.slot, at.sp, mine->capacity, 0, false};
    recent.generation = 0;
    uint32_t generation = rule_generation.load(std::memory_order_relaxed);
    mine->range.enter(at.sp);
    mine->trace.count = 0;
    backtrace_walk(mine->trace, track_depth, at, first_frame::after_call, mine->range, &log, &here);
    uint32_t id = stack_depot_put(mine->trace);
    if (!log.complete() || id == 0) return id;
    recent.ip = at.ip;
    recent.sp = at.sp;
    recent.bp = static_cast<uint32_t>(at.bp);
    recent.id = id;
    recent.slots = static_cast<uint16_t>(log.count);
    recent.needs_bp = log.needs_bp;
    recent.generation = generation;
    return id;
}

}  // namespace

uint32_t stack_depot_put(const stack_trace& stack) {
    if (stack.count == 0) return 0;
    uint32_t hash = hash_of(stack);
    uint32_t id = find(stack, hash);
    if (KSLAB_LIKELY(id != 0)) return id;
    id = put_slow(stack, hash);
    modules_note(stack.frame, stack.count);
    return id;
}

stack_view stack_depot_get(uint32_t id) {
    if (id == 0) return {};
    const depot_stack* s = stack_at(id);
    return {s->frame, s->count, s->source};
}

uint32_t stack_depot_here() {
    backtrace_thread* mine = backtrace_enter();
    if (KSLAB_UNLIKELY(mine == nullptr)) return put_without_state();
    stack_position at = backtrace_caller();
    char* set = mine->set_of(at);
    auto& first = *reinterpret_cast<recent_stack*>(set);
    auto& second = *reinterpret_cast<recent_stack*>(set + mine->stride);
    uint32_t id;
    if (first.stands_for(at))
        id = first.id;
    else if (second.stands_for(at))
        id = second.id;
    else
        id = put_walk(mine, at, (mine->victim ^= 1) != 0 ? second : first);
    backtrace_leave(mine);
    return id;
}

uint32_t stack_depot_from(const void* caller) {
    constexpr unsigned kBetween = 8;  // frames of who acts
    stack_trace stack;
    backtrace_capture(stack, track_depth + kBetween < kMaxDepth ? track_depth + kBetween : kMaxDepth);
    auto wanted = reinterpret_cast<uintptr_t>(caller);
    unsigned skipped = 0;
    while (skipped < stack.count && stack.frame[skipped] != wanted) skipped++;
    if (skipped == stack.count) {  // not on the stack as we see it
        stack.count = 1;
        stack.frame[0] = wanted;
        return stack_depot_put(stack);
    }
    stack.count = stack.count - skipped < track_depth ? stack.count - skipped : track_depth;
    __builtin_memmove(stack.frame, stack.frame + skipped, stack.count * sizeof stack.frame[0]);
    return stack_depot_put(stack);
}

depot_stats stack_depot_stats() {
    return {depot.stacks.load(std::memory_order_relaxed), depot.bytes.load(std::memory_order_relaxed)};
}

}  // namespace kslab
