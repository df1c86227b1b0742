#include "thread/group.h"

#include "pages/meta_arena.h"

namespace kslab {

namespace {

bool make_shadow(thread_cache* thread) {
    auto* shadow = static_cast<thread_cache*>(metadata_allocate(sizeof(thread_cache)));
    if (shadow == nullptr) return false;
    __builtin_memset(shadow, 0, sizeof(thread_cache));
    shadow->real = thread;
    thread->shadow = shadow;
    return true;
}

}  // namespace

bool thread_set_group(thread_cache* thread, unsigned group) {
    if (group != 0 && KSLAB_UNLIKELY(thread->shadow == nullptr) && !make_shadow(thread)) return false;
    __atomic_store_n(&thread->group, group, __ATOMIC_RELEASE);
    current_thread = group != 0 ? thread->shadow : thread;
    return true;
}

size_t threads_in_group(unsigned group) {
    struct counting {
        unsigned group;
        size_t count;
    } counted{group, 0};
    for_each_thread(
        [](thread_cache* thread, void* context) {
            auto* to = static_cast<counting*>(context);
            if (group_of_thread(thread) == to->group) to->count++;
        },
        &counted);
    return counted.count;
}

}  // namespace kslab
