// The life of a process: the first call, fork, exit.
#include <errno.h>
#include <stdlib.h>

#include "api/group_text.h"
#include "api/slabinfo_file.h"
#include "base/check.h"
#include "debug/process.h"
#include "kmalloc/kmalloc.h"
#include "kmalloc/module_groups.h"
#include "kslab/kslab.h"
#include "malloc/foreign.h"
#include "malloc/fork.h"
#include "malloc/malloc.h"
#include "os/environment.h"
#include "os/memory.h"
#include "os/report_fd.h"

// The variables that every program uses, side by side: near.ld.
extern "C" char kslab_near_start[] __attribute__((visibility("hidden")));
extern "C" char kslab_near_end[] __attribute__((visibility("hidden")));

// Registered without a shared object, so that it runs after the destructors of all libraries.
extern "C" int __cxa_atexit(void (*function)(void*), void* argument, void* dso);

namespace kslab {

namespace {

std::atomic<bool> prepared{false};

bool debugging() { return debug_flags != 0 || debug_sampling; }

// Where the stack of who called exit begins: with the registers that the function behind the return address into exit saved first,
// which may hold the program's only pointer to an object. Below that libc's frames and ours lie over what calls before them left
// there. Where it is not found, from the caller on.
__attribute__((no_sanitize("address"))) const void* behind_exit(const void* frame) {
#if defined(__x86_64__)
    constexpr unsigned kSavedBelow = 6;
#else
    constexpr unsigned kSavedBelow = 0;  // they lie above the return address
#endif
    constexpr unsigned kWords = 64;
    constexpr uintptr_t kInExit = 64;
    auto* word = static_cast<const uintptr_t*>(frame);
    for (unsigned i = kSavedBelow; i < kWords; i++)
        if (word[i] - reinterpret_cast<uintptr_t>(&exit) < kInExit) return word + i - kSavedBelow;
    return frame;
}

// The last look at every object that was freed but has not reached its slab yet: a double free among them,
// or an interior pointer, is reported here at the latest. Other threads may still run; their arrays are theirs.
void at_exit(void*) {
    int saved = errno;
    if (active_options.slabinfo.text[0] != '\0') slabinfo_finish();
    if (by_module && !standing_down()) groups_finish();
    prove_frees();
    int status = debugging() ? debug_finish(behind_exit(__builtin_frame_address(0))) : -1;
    errno = saved;
    // libc goes on with what is left to do at exit, flushing streams among it, and ends with this status.
    if (status >= 0) exit(status);
}

const char* profile_name() {
    switch (active_options.classes) {
        case size_profile::odd: return "odd";
        case size_profile::kmalloc: return "kmalloc";
        case size_profile::fine: return "fine";
    }
    return "?";
}

void put_debugging(text& out) {
    const char* only = active_options.debug_exe.text;
    const debug_switches& switches = active_switches;
    if (*only != '\0' && !matches_programs(only, start_block().program)) {
        out.put("debugging off: KSLAB_DEBUG_EXE does not name this program");
        return;
    }
    if (debug_flags == 0 && !debug_sampling) {
        out.put("debugging off");
        return;
    }
    out.put("debugging on");
    if (debug_flags != 0) put_debug_letters(out.put(", "), debug_flags);
    bool some_only = false;
    for (unsigned i = 0; i < switches.count; i++) some_only |= switches.blocks[i].names != 0;
    if (some_only) out.put(" for caches as KSLAB_DEBUG names them");
    if (debug_sampling) out.put(", guarded samples");
}

void say_active() {
    report_line out;
    // A program with the API library has another malloc.
    out->put(kslab_is_active() != 0 ? "active in " : "only its own functions are live in ");
    out->put(start_block().program).put(": version " KSLAB_VERSION ", ");
    out->dec(kmalloc_caches.classes.count).put(" size classes (").put(profile_name()).put("), ");
    out->bytes(active_options.thread_cache).put(" of arrays a thread, ");
    put_debugging(*out.operator->());
    options_put_changed(*out.operator->(), active_options);
}

}  // namespace

void malloc_boot() {
    if (KSLAB_LIKELY(prepared.load(std::memory_order_acquire))) return;
    boot();
    bool expected = false;
    if (!prepared.compare_exchange_strong(expected, true, std::memory_order_acq_rel)) return;
    decide_standing_down();
}

namespace {

// Nearly all of it is written soon: one call instead of a fault for each page. Before any of it is touched; or what is left, where
// the loader has allocated already.
void populate_variables() { os_populate_own(kslab_near_start, static_cast<size_t>(kslab_near_end - kslab_near_start)); }

// The library is linked with -z initfirst: nobody registers handlers before this, so that ours are the last
// to prepare a fork and the last to run at exit.
__attribute__((constructor(101))) void construct() {
    populate_variables();
    malloc_boot();
    if (debugging() && !standing_down()) debug_start();
    // Asked here, so that a process without them does not touch their pages.
    if (active_options.slabinfo_signal != 0) slabinfo_start();
    if (by_module && !standing_down()) groups_start();
    if (by_module || active_options.slabinfo.text[0] != '\0') report_fd_keep();
    if (active_options.verbose == on_off::on && !standing_down()) say_active();
    fork_handlers_init();
    __cxa_atexit(at_exit, nullptr, nullptr);
}

}  // namespace

}  // namespace kslab
