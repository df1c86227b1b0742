// For static programs: functions of glibc's malloc.o that other members of libc.a call. Without them the
// linker would take malloc.o as well, and find every name twice. kslab has handlers of its own for fork and
// thread exit.
#include "base/attributes.h"

#define KSLAB_HOOK extern "C" KSLAB_EXPORT __attribute__((used))

KSLAB_HOOK void __malloc_fork_lock_parent() {}
KSLAB_HOOK void __malloc_fork_unlock_parent() {}
KSLAB_HOOK void __malloc_fork_unlock_child() {}
KSLAB_HOOK void __malloc_arena_thread_freeres() {}
