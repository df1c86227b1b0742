#include "kmalloc/shrinkers.h"

#include <errno.h>

#include "base/attributes.h"
#include "kslab/shrinker.h"

namespace kslab {

constinit mutex shrinkers_lock{lock_rank::shrinkers};

namespace {

shrinker* first = nullptr;             // shrinkers_lock
std::atomic<uintptr_t> caller{0};      // the thread that calls them now

// Registered: its `kslab_calls` keeps unregister_shrinker waiting while it is not 0.
shrinker* next_pinned(shrinker* done) {
    scoped_lock lock(shrinkers_lock);
    shrinker* next = done == nullptr ? first : done->kslab_next;
    if (done != nullptr) done->kslab_calls--;
    if (next != nullptr) next->kslab_calls++;
    return next;
}

size_t shrink(shrinker* each, gfp_t gfp) {
    shrink_control control{gfp, 0, 0};
    unsigned long left = each->count_objects(each, &control);
    unsigned long batch = each->batch > 0 ? static_cast<unsigned long>(each->batch) : SHRINK_BATCH;
    size_t freed = 0;
    if (left == SHRINK_STOP) return 0;
    while (left > 0) {
        // Some count nr_to_scan down.
        unsigned long scanned = left < batch ? left : batch;
        control.nr_to_scan = scanned;
        unsigned long now = each->scan_objects(each, &control);
        if (now == SHRINK_STOP) break;
        freed += now;
        left -= scanned;
    }
    return freed;
}

}  // namespace

bool shrinkers_call(gfp_t gfp) {
    if (__atomic_load_n(&first, __ATOMIC_RELAXED) == nullptr) return false;
    uintptr_t nobody = 0;
    uintptr_t self = host_thread_token();
    if (!caller.compare_exchange_strong(nobody, self, std::memory_order_acq_rel)) {
        if (nobody == self) return false;
        host_yield();
        return true;
    }
    size_t freed = 0;
    shrinker* each = nullptr;
    while ((each = next_pinned(each)) != nullptr) freed += shrink(each, gfp);
    caller.store(0, std::memory_order_release);
    return freed > 0;
}

void shrinkers_after_fork() {
    // A shrinker that forks goes on in the child; others that were called have vanished.
    if (caller.load(std::memory_order_relaxed) == host_thread_token()) return;
    caller.store(0, std::memory_order_relaxed);
    for (shrinker* each = first; each != nullptr; each = each->kslab_next) each->kslab_calls = 0;
}

}  // namespace kslab

using namespace kslab;

extern "C" {

KSLAB_EXPORT int register_shrinker(struct shrinker* added) {
    bool good = added != nullptr && added->count_objects != nullptr && added->scan_objects != nullptr;
    if (good) {
        scoped_lock lock(shrinkers_lock);
        for (shrinker* each = first; each != nullptr; each = each->kslab_next) good = good && each != added;
        if (good) {
            added->kslab_calls = 0;
            added->kslab_next = first;
            __atomic_store_n(&first, added, __ATOMIC_RELAXED);
        }
    }
    if (!good) errno = EINVAL;
    return good ? 0 : -1;
}

KSLAB_EXPORT void unregister_shrinker(struct shrinker* removed) {
    for (;;) {
        {
            scoped_lock lock(shrinkers_lock);
            shrinker** at = &first;
            while (*at != nullptr && *at != removed) at = &(*at)->kslab_next;
            if (*at == nullptr) return;
            if (removed->kslab_calls == 0) {
                __atomic_store_n(at, removed->kslab_next, __ATOMIC_RELAXED);
                return;
            }
        }
        host_yield();
    }
}

}  // extern "C"
