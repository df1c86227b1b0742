// Groups for programs (include/kslab/group.h).
#include "kslab/group.h"

#include <errno.h>

#include "base/check.h"
#include "kmalloc/groups.h"
#include "thread/group.h"
#include "thread/rcu.h"

namespace kslab {

namespace {

int refuse(int error) { return errno = error, -1; }

group* group_of(int id) { return id <= 0 ? nullptr : group_by_id(static_cast<unsigned>(id)); }

size_t value(const std::atomic<size_t>& counter) { return counter.load(std::memory_order_relaxed); }

// Once: whoever debugs and counts shall not wonder.
void say_not_under_debugging() {
    static std::atomic<bool> said{false};
    if (debug_flags == 0 || said.exchange(true, std::memory_order_relaxed)) return;
    report_line()->put("groups: objects of caches under debugging belong to no group");
}

int busy(const group& of, size_t threads, size_t objects) {
    report_line out;
    out->put("kslab_group_destroy(").dec(of.id).put(") ").put(of.name).put(": ");
    if (threads != 0)
        out->dec(threads).put(threads == 1 ? " thread is in it" : " threads are in it");
    else
        out->dec(objects).put(objects == 1 ? " object is" : " objects are").put(" still in use");
    out->put("; the group stays");
    return refuse(EBUSY);
}

}  // namespace

}  // namespace kslab

using namespace kslab;

extern "C" {

KSLAB_EXPORT int kslab_group_create(const char* name, size_t limit) {
    if (name == nullptr || name[0] == '\0') return refuse(EINVAL);
    boot();
    say_not_under_debugging();
    int made = group_create(name, limit);
    return made > 0 ? made : refuse(-made);
}

KSLAB_EXPORT int kslab_group_destroy(int id) {
    group* ended = group_of(id);
    if (ended == nullptr || ended->of_module) return refuse(EINVAL);
    rcu_check_outside("kslab_group_destroy");
    size_t threads = threads_in_group(ended->id);
    // In this order: of who freed the last object nothing is left to be done.
    size_t objects = ended->objects.load(std::memory_order_acquire);
    if (threads != 0 || objects != 0) return busy(*ended, threads, objects);
    destroy_children_for(*ended);
    group_discard(ended);
    return 0;
}

KSLAB_EXPORT int kslab_group_enter(int id) {
    if (id < 0 || (id != 0 && group_of(id) == nullptr)) return refuse(EINVAL);
    thread_cache* thread = attached_thread();
    if (thread == nullptr) return refuse(ENOMEM);
    int before = static_cast<int>(group_of_thread(thread));
    return thread_set_group(thread, static_cast<unsigned>(id)) ? before : refuse(ENOMEM);
}

KSLAB_EXPORT void kslab_group_leave(int previous) {
    thread_cache* thread = this_thread();
    if (state_of(thread) != thread_state::alive) return;
    bool there = group_of(previous) != nullptr;
    thread_set_group(thread, there ? static_cast<unsigned>(previous) : 0);
}

KSLAB_EXPORT int kslab_group_current(void) { return static_cast<int>(group_of_thread(this_thread())); }

KSLAB_EXPORT int kslab_group_limit(int id, size_t limit) {
    group* of = group_of(id);
    if (of == nullptr) return refuse(EINVAL);
    of->limit.store(limit, std::memory_order_relaxed);
    return 0;
}

KSLAB_EXPORT int kslab_group_stat(int id, struct kslab_group_stats* stats) {
    const group* of = group_of(id);
    if (of == nullptr || stats == nullptr) return refuse(EINVAL);
    static_assert(sizeof stats->name == kGroupNameBytes);
    __builtin_memcpy(stats->name, of->name, kGroupNameBytes);
    stats->bytes = value(of->bytes);
    stats->objects = value(of->objects);
    stats->peak = value(of->peak);
    stats->failures = value(of->failures);
    stats->limit = value(of->limit);
    return 0;
}

KSLAB_EXPORT int kslab_group_find(const char* name) {
    if (name == nullptr) return 0;
    for (unsigned id = 1; id < kMostGroups; id++) {
        const group* of = group_by_id(id);
        if (of != nullptr && strings_equal(of->name, name)) return static_cast<int>(id);
    }
    return 0;
}

}  // extern "C"
