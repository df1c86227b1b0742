// Allocation from pools: backing, reserve, sleep (include/kslab/mempool.h).
#include <errno.h>

#include "api/mempool.h"
#include "base/check.h"
#include "base/host.h"
#include "base/probes.h"
#include "debug/object/objects.h"
#include "debug/stack/stack_depot.h"
#include "os/clock.h"

namespace kslab {

namespace {

constinit relaxed<unsigned> retry_milliseconds{kRetryMilliseconds};
constinit relaxed<bool> zero_was_reported{false};

// What the backing gets to see.
gfp_t gfp_for_backing(gfp_t gfp) {
    if ((gfp & __GFP_ZERO) != 0 && zero_was_reported.change(false, true))
        report_line()->put("mempool_alloc: __GFP_ZERO is ignored, elements of a reserve are used ones; said once");
    return (gfp & ~(__GFP_ZERO | __GFP_NOFAIL)) | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
}

// How long a thread may still sleep. Where there is no clock, the sleeps that took their full time are counted.
class patience {
public:
    explicit patience(unsigned milliseconds) : left_(milliseconds) {
        if (left_ != kForEver) has_clock_ = clock_read(start_);
        limit_ = left_;
    }

    bool over() {
        uint64_t now;
        if (left_ != kForEver && has_clock_ && clock_read(now)) {
            uint64_t gone = now - start_;
            left_ = gone < limit_ ? limit_ - static_cast<unsigned>(gone) : 0;
        }
        return left_ == 0;
    }

    // At most `milliseconds`.
    void sleep(std::atomic<uint32_t>& word, uint32_t expected, unsigned milliseconds) {
        unsigned span = left_ < milliseconds ? left_ : milliseconds;
        auto* futex = reinterpret_cast<uint32_t*>(&word);
        if (span == kForEver) return host_futex_wait(futex, expected);
        bool timed_out = !host_futex_wait_for(futex, expected, span);
        if (timed_out && left_ != kForEver && !has_clock_) left_ -= span;
    }

private:
    unsigned left_;
    unsigned limit_ = kForEver;
    uint64_t start_ = 0;
    bool has_clock_ = false;
};

// The one who takes an element from the reserve is its allocator for reports, not the one who filled the reserve.
void* retraced(void* element) {
    place p;
    if (element == nullptr || (debug_flags & kDebugTrack) == 0 || !find_place(element, p)) return element;
    uint32_t stack = stack_depot_here();
    object_lock hold(p.begin);
    if (p.record->state == object_state::live && p.object() == element)
        p.record->allocated = {stack, this_thread_id(), debug_clock()};
    return element;
}

// An element of the reserve; null: it is empty, and with `wait` the thread is counted as a waiter.
void* take_or_enlist(mempool_s* pool, bool wait) {
    scoped_lock hold(pool->lock);
    void* element = remove_element_locked(pool);
    if (element == nullptr && wait) pool->waiters++;
    hold.unlock();
    return retraced(element);
}

void wait_for_element(mempool_s* pool, uint32_t seen, patience& patience) {
    patience.sleep(pool->wake_word, seen, retry_milliseconds);
    scoped_lock hold(pool->lock);
    // 0 when a signal handler forked while this thread slept: the child begins without waiters.
    if (pool->waiters > 0) pool->waiters--;
}

// A waiter was served by the backing: the element it may have been woken for is another's.
void pass_on(mempool_s* pool) {
    scoped_lock hold(pool->lock);
    bool wake = pool->curr_nr > 0 && note_change_locked(pool);
    hold.unlock();
    if (wake) wake_one_waiter(pool);
}

// Pools without a reserve: the backing has memory again. Who has just found that it has none, and is no waiter yet,
// notices by the word.
void wake_for_backing(mempool_s* pool) {
    scoped_lock hold(pool->lock);
    bool wake = note_change_locked(pool);
    hold.unlock();
    if (wake) wake_one_waiter(pool);
}

// False when the reserve is full.
bool put_into_reserve(mempool_s* pool, void* element) {
    // Read without the lock: the element was taken before, and whoever freed it knows of that, so that this reads
    // curr_nr as it was then, or later. Either the reserve lacks this element, and that is seen; or it was
    // filled since.
    if (pool->curr_nr >= pool->min_nr) return false;
    scoped_lock hold(pool->lock);
    if (pool->curr_nr >= pool->min_nr) return false;
    bool wake = add_element_locked(pool, element);
    hold.unlock();
    if (wake) wake_one_waiter(pool);
    return true;
}

// Null without __GFP_WAIT, or when patience is over.
void* allocate(mempool_s* pool, gfp_t gfp, patience& patience) {
    gfp = gfp_for_backing(gfp);
    gfp_t light = gfp & ~(__GFP_WAIT | __GFP_IO);
    if (void* element = pool->alloc(light, pool->pool_data)) return element;
    if (void* element = take_or_enlist(pool, false)) return element;
    if (gfp == light) return nullptr;
    bool waited = false;
    for (;;) {
        // Before looking: what is freed after this ends the sleep at once.
        uint32_t seen = pool->wake_word.load(std::memory_order_acquire);
        if (void* element = pool->alloc(gfp, pool->pool_data)) {
            if (waited) pass_on(pool);
            return element;
        }
        bool wait = (gfp & __GFP_WAIT) != 0 && !patience.over();
        void* element = take_or_enlist(pool, wait);
        if (element != nullptr || !wait) return element;
        wait_for_element(pool, seen, patience);
        waited = true;
    }
}

}  // namespace

void mempool_set_retry(unsigned milliseconds) { retry_milliseconds = milliseconds; }

}  // namespace kslab

using namespace kslab;

extern "C" {

KSLAB_EXPORT void* mempool_alloc(mempool_t* pool, gfp_t gfp_mask) {
    patience endless(kForEver);
    void* element = allocate(pool, gfp_mask, endless);
    KSLAB_PROBE4(mempool_alloc, __builtin_return_address(0), pool, element, gfp_mask);
    return element;
}

KSLAB_EXPORT void* mempool_alloc_timeout(mempool_t* pool, gfp_t gfp_mask, unsigned int milliseconds) {
    patience until(milliseconds);
    void* element = allocate(pool, gfp_mask, until);
    KSLAB_PROBE4(mempool_alloc, __builtin_return_address(0), pool, element, gfp_mask);
    if (element == nullptr) errno = (gfp_mask & __GFP_WAIT) != 0 ? ETIMEDOUT : EAGAIN;
    return element;
}

KSLAB_EXPORT void mempool_free(void* element, mempool_t* pool) {
    KSLAB_PROBE3(mempool_free, __builtin_return_address(0), pool, element);
    if (element == nullptr || put_into_reserve(pool, element)) return;
    bool without_reserve = pool->min_nr == 0;
    pool->free(element, pool->pool_data);
    if (without_reserve) wake_for_backing(pool);
}

}  // extern "C"
