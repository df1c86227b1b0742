// Allocation from the executable's IFUNC resolvers. They run while the loader relocates the executable, when
// thread-local storage exists but is not filled in yet: current_thread would be null. This library's own
// resolver runs before theirs, because libraries are relocated before what needs them.
#include "thread/thread_cache.h"

extern "C" {

static void nothing() {}

__attribute__((visibility("hidden"), used)) void (*kslab_resolve_early())() {
    if (kslab::current_thread == nullptr) kslab::current_thread = &kslab::empty_thread;
    return nothing;
}

__attribute__((visibility("hidden"), ifunc("kslab_resolve_early"))) void kslab_early();
}

// The reference makes the linker keep the relocation.
__attribute__((used)) static void (*volatile early)() = kslab_early;
