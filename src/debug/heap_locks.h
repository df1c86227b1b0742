// All locks of the heap at once, in rank order: while one thread holds them, no other is in the middle of a change.
// For fork and for the leak scan.
//
// Meanwhile the thread that holds them may enter any of them again (base/mutex.h). The locks of booting, of reports
// and of statistics rank before these and are not among them.
#pragma once

namespace kslab {

void heap_locks_take();
void heap_locks_release();

// In the child of a fork, in place of releasing: nobody else is left who could hold them. Pins of caches that
// vanished visitors held are dropped.
void heap_locks_reset();

}  // namespace kslab
