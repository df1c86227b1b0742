// A thread in a group points to its shadow: all of its slots are empty and full at once, so that every operation takes
// the slow path, which asks this_thread() for the thread's own structure and that for its group. Threads in no group
// know nothing of all this.
#pragma once
#include "thread/thread.h"

namespace kslab {

inline unsigned group_of_thread(const thread_cache* thread) { return __atomic_load_n(&thread->group, __ATOMIC_ACQUIRE); }

// The calling thread, which is `thread` and alive, is in this group from now on, 0: in none. False when there is no memory
// for its shadow: nothing has changed.
bool thread_set_group(thread_cache* thread, unsigned group);

// How many threads are in the group.
size_t threads_in_group(unsigned group);

}  // namespace kslab
