// Refill and flush: what happens when an array is empty or full, and how its limit adapts.
//
// A limit starts at 16, doubles when a refill follows a refill (or a flush a flush) without the other between, up to
// the cache's, and shrinks when the thread's budget is needed elsewhere or
// nobody uses the array. Nothing here runs on a hit.
#include "cache/bad_free.h"
#include "cache/node.h"
#include "thread/slots.h"

namespace kslab {

namespace {

// BATCHREFILL_LIMIT of the kernel: an array that was not refilled since the mark was cleared gets a small refill.
constexpr unsigned kColdBatch = 16;
// So many flushes of a cache with no refill by any thread between them: the program is giving memory up.
constexpr unsigned kFreeStreak = 8;
constexpr unsigned kKeptInStreak = 16;
// In so many slow operations that lack room.
constexpr unsigned kPauseOfHand = 250;
// A thread that works on more than its arrays have room for, and lacks room so often between two reaps, gets KSLAB_THREAD_CACHE
// once more, up to kMostRoom times. All together have a bound: a few threads that work get much, many that may sleep next get
// little. Where others have all of it, a thread gets it once, after eight times as many misses.
constexpr unsigned kMissesForMore = 1024;
constexpr unsigned kMissesBeyond = 8 * kMissesForMore;
// It gives that back when it lacked none between two reaps, or when it frees KSLAB_THREAD_CACHE in a row, for then it gives memory
// up; while it does it gets nothing. If it goes on all the same, it works in rounds: next time it may free twice as much, up to so
// many doublings, and with each gets more room after half as many misses.
constexpr unsigned kMostRounds = 5;
// One flush of large objects says less than its bytes.
constexpr size_t kPartOfFlush = 4;

std::atomic<size_t> lent{0};  // bytes beyond KSLAB_THREAD_CACHE, of all threads

unsigned first_limit(const kmem_cache* cache) {
    // Some thirty classes are small; of whole pages the first limit is 1 anyway.
    size_t affordable = slots.thread_bytes / 32 / cache->size;
    unsigned limit = cache->limit;
    if (limit > kFirstLimit) limit = kFirstLimit;
    if (affordable < limit) limit = static_cast<unsigned>(affordable);
    return limit == 0 ? 1 : limit;
}

// Several threads at once may pass the bound by a step each.
bool more_room(thread_cache* thread) {
    thread->lacked = true;
    if (thread->flushed >= slots.thread_bytes) return false;
    bool within = lent.load(std::memory_order_relaxed) + slots.thread_bytes <= kLentForCpu * cache_settings.cpus;
    if (++thread->misses < (within ? kMissesForMore : kMissesBeyond) >> thread->rounds) return false;
    thread->misses = 0;
    if (thread->room >= (within ? kMostRoom : 2) * slots.thread_bytes) return false;
    lent.fetch_add(slots.thread_bytes, std::memory_order_relaxed);
    thread->room += slots.thread_bytes;
    return true;
}

// A hand that goes round takes budget from arrays that were not refilled since it came by last, and from those that would have
// more than twice what is `wanted` in the end: were it otherwise, arrays in use would take it from each other for ever. So that a
// round is long enough for arrays in use to be refilled, the hand pauses after each. False: there is not enough.
bool make_room(thread_cache* thread, const array_cache* wanted_by, size_t bytes, size_t wanted) {
    if (reserved_bytes(thread) + bytes <= thread->room) return true;
    if (more_room(thread)) return reserved_bytes(thread) + bytes <= thread->room;
    if (thread->pause > 0) {
        thread->pause--;
        return false;
    }
    while (thread->pause == 0 && slots.count > 0) {
        kmem_cache* cache = slots.cache[thread->hand];
        if (++thread->hand == slots.count) {
            thread->hand = 0;
            thread->pause = kPauseOfHand;
        }
        array_cache* ac = array_at(thread, cache->slot);
        if (ac == wanted_by || ac->limit == 0) continue;
        bool has_more = held_bytes(cache, ac->limit) > 2 * wanted;
        if (ac->touched != 0 && !has_more) {
            ac->touched = 0;
            continue;
        }
        lower_limit(thread, cache, ac);
        if (reserved_bytes(thread) + bytes <= thread->room) return true;
    }
    return false;
}

void raise_limit(thread_cache* thread, const kmem_cache* cache, array_cache* ac) {
    unsigned limit = ac->limit == 0 ? first_limit(cache) : ac->limit * 2;
    if (limit > cache->limit) limit = cache->limit;
    if (cache->tuned) limit = cache->limit;
    if (limit > ac->capacity()) limit = ac->capacity();
    if (limit <= ac->limit) return;
    // Who asks for a limit gets it, whatever the thread's budget says.
    if (cache->tuned) return set_array_limit(thread, cache, ac, limit);
    if (make_room(thread, ac, held_bytes(cache, limit - ac->limit), held_bytes(cache, limit))) set_array_limit(thread, cache, ac, limit);
}

void note_flush(thread_cache* thread, size_t bytes) {
    size_t part = slots.thread_bytes / kPartOfFlush;
    size_t many = slots.thread_bytes << thread->rounds;
    if (thread->flushed < many) thread->flushed += bytes < part ? bytes : part;
    if (KSLAB_LIKELY(thread->flushed < many) || thread->room == slots.thread_bytes || thread->refilling != 0) return;
    give_room_back(thread);
    if (thread->rounds < kMostRounds) thread->rounds++;
}

bool in_streak(const thread_cache* thread, const kmem_cache* cache) { return cache->at(thread->node).flushes >= kFreeStreak; }

// In a streak of net frees the objects go past the shared array, and what it holds goes, too.
void release_in_streak(const thread_cache* thread, kmem_cache* cache, array_cache* ac, unsigned keep) {
    drain_shared(cache, cache->at(thread->node));
    array_release_oldest(thread, cache, ac, ac->avail - keep, true);
}

void flush(const thread_cache* thread, kmem_cache* cache, array_cache* ac) {
    if (in_streak(thread, cache))
        return release_in_streak(thread, cache, ac, ac->limit / 2 < kKeptInStreak ? ac->limit / 2 : kKeptInStreak);
    array_release_oldest(thread, cache, ac, ac->batchcount < ac->avail ? ac->batchcount : ac->avail, false);
}

unsigned batchcount_for(const kmem_cache* cache, unsigned limit) {
    unsigned batchcount = limit == cache->limit ? unsigned{cache->batchcount} : array_batchcount(limit);
    if (batchcount > limit) batchcount = limit;
    return batchcount == 0 ? 1 : batchcount;
}

// The first that an array gets is an object that another thread may have allocated, and cut beside those of others: with
// others above it, it is not what the thread works on next. Nothing grows for that. The array is full then, so that the next
// free comes here, where the object below is looked at.
void start_below(thread_cache* thread, kmem_cache* cache, array_cache* ac, void* object) {
    unsigned room = (ac->limit < kColdBatch ? ac->limit : kColdBatch) - 1;
    thread->refilling++;
    constexpr gfp_t kWhatIsThere = GFP_KERNEL | SLAB_NO_GROW | __GFP_THISNODE;
    unsigned taken = room == 0 ? 0 : cache_take(cache, thread->node, ac->entry + 1, room, kWhatIsThere);
    thread->refilling--;
    ac->entry[0] = object;
    array_set_avail(ac, 1 + taken);
    for (unsigned i = 1; i <= taken; i++)
        if (KSLAB_UNLIKELY(ac->entry[i] == object)) report_bad_free(bad_free::twice, object, cache);
    if (1 + taken < ac->limit) set_array_limit(thread, cache, ac, 1 + taken);
}

}  // namespace

void return_lent_room(thread_cache* thread) {
    size_t more = thread->room - slots.thread_bytes;
    thread->room = slots.thread_bytes;
    // In this order: the child of a fork that comes between gives back nothing twice.
    std::atomic_signal_fence(std::memory_order_release);
    lent.fetch_sub(more, std::memory_order_relaxed);
}

void lower_limit(thread_cache* thread, kmem_cache* cache, array_cache* ac) {
    if (cache->tuned) return;
    unsigned limit = ac->limit > 4 ? ac->limit / 2 : 0;
    // Several arrays that are full in turn take the room from each other, and none is flushed.
    if (ac->avail > limit && in_streak(thread, cache))
        release_in_streak(thread, cache, ac, limit);
    else if (ac->avail > limit)
        array_release_oldest(thread, cache, ac, ac->avail - limit, false);
    set_array_limit(thread, cache, ac, limit);
}

void set_array_limit(thread_cache* thread, const kmem_cache* cache, array_cache* ac, unsigned limit) {
    reserve(thread, held_bytes(cache, limit) - held_bytes(cache, ac->limit));
    ac->batchcount = static_cast<uint16_t>(batchcount_for(cache, limit));
    ac->limit = limit;
}

// The entries leave the array before they arrive elsewhere: the child of a fork may lose them, but never
// finds one in two places.
void array_release_oldest(const thread_cache* thread, kmem_cache* cache, array_cache* ac, unsigned count,
                          bool past_shared) {
    constexpr unsigned kAtOnce = 64;  // what is left moves down once for each
    void* leaving[kAtOnce];
    while (count > 0) {
        unsigned group = count < kAtOnce ? count : kAtOnce;
        if (group > ac->avail) group = ac->avail;
        if (group == 0) return;
        unsigned rest = ac->avail - group;
        __builtin_memcpy(leaving, ac->entry, group * sizeof(void*));
        array_set_avail(ac, 0);
        std::atomic_signal_fence(std::memory_order_release);  // the 0 before what moves down
        __builtin_memmove(ac->entry, ac->entry + group, rest * sizeof(void*));
        array_set_avail(ac, rest);
        node_give(cache, thread->node, leaving, group, past_shared);
        count -= group;
    }
}

void* cache_alloc_refill(thread_cache* thread, kmem_cache* cache, array_cache* ac, gfp_t gfp) {
    thread_tick(thread);
    if (ac->limit == 0 || ac->last == array_move::refilled) raise_limit(thread, cache, ac);
    ac->last = array_move::refilled;
    thread->flushed = 0;
    unsigned batch = ac->batchcount;
    if (ac->touched == 0 && batch > kColdBatch) batch = kColdBatch;
    ac->touched = 1;
    if (ac->limit == 0) return cache_alloc_direct(cache, gfp);
    thread->refilling++;
    const cache_node& node = cache->at(thread->node);
    size_t grown = node.grown;
    unsigned taken = cache_take(cache, thread->node, ac->entry, batch, gfp);
    if (!of_whole_pages(cache)) thread->slabs_made += static_cast<uint32_t>(node.grown - grown);
    thread->refilling--;
    if (taken == 0) return nullptr;
    array_set_avail(ac, taken - 1);
    return ac->entry[taken - 1];
}

void cache_flusharray(thread_cache* thread, kmem_cache* cache, array_cache* ac, void* object) {
    if (KSLAB_UNLIKELY(ac->avail > 0 && ac->entry[0] == object)) report_bad_free(bad_free::twice, object, cache);
    thread_tick(thread);
    note_flush(thread, held_bytes(cache, ac->batchcount));
    if (ac->avail >= ac->limit) {
        if (ac->limit == 0 || ac->last == array_move::flushed) raise_limit(thread, cache, ac);
        ac->last = array_move::flushed;
    }
    if (ac->limit == 0) return cache_free_direct(cache, object);
    if (ac->avail == 0 && cache->size < kCacheLine) return start_below(thread, cache, ac, object);
    if (ac->avail >= ac->limit) flush(thread, cache, ac);
    unsigned avail = ac->avail;
    if (KSLAB_UNLIKELY(avail > 0 && ac->entry[avail - 1] == object)) report_bad_free(bad_free::twice, object, cache);
    ac->entry[avail] = object;
    array_set_avail(ac, avail + 1);
}

void* cache_alloc_direct(kmem_cache* cache, gfp_t gfp) {
    void* object;
    return cache_take(cache, this_node(), &object, 1, gfp) == 1 ? object : nullptr;
}

void cache_free_direct(kmem_cache* cache, void* object) { free_block(cache, &object, 1); }

}  // namespace kslab
