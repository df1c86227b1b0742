// fork() in a threaded process: all locks are taken in rank order before, released in the parent, reset in the
// child, where the arrays of the threads that did not come along become orphans.
#pragma once

namespace kslab {

void fork_handlers_init();

}  // namespace kslab
