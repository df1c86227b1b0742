#include "malloc/foreign.h"

#include <errno.h>

#include "base/check.h"
#include "cache/bad_free.h"
#include "kmalloc/kmalloc.h"
#include "malloc/malloc.h"
#include "os/executable.h"
#include "os/maps.h"
#include "pages/page_allocator.h"

namespace kslab {

namespace {

bool down = false;

void* fail_malloc(size_t) { return errno = ENOMEM, nullptr; }
void* fail_calloc(size_t, size_t) { return errno = ENOMEM, nullptr; }
void* fail_realloc(void*, size_t) { return errno = ENOMEM, nullptr; }
void ignore_free(void*) {}
size_t no_size(void*) { return 0; }
struct mallinfo2 no_info() { return {}; }

template <typename F>
F definition(const char* name, F otherwise) {
    void* found = next_definition(name);
    return found == nullptr ? otherwise : reinterpret_cast<F>(found);
}

}  // namespace

const malloc_functions& next_malloc() {
    // Looking names up may allocate and come back here: the answers are the same each time.
    static malloc_functions next;
    static bool known = false;
    if (__atomic_load_n(&known, __ATOMIC_ACQUIRE)) return next;
    next.malloc = definition("malloc", fail_malloc);
    next.free = definition("free", ignore_free);
    next.calloc = definition("calloc", fail_calloc);
    next.realloc = definition("realloc", fail_realloc);
    next.memalign = definition("memalign", fail_calloc);
    next.usable_size = definition("malloc_usable_size", no_size);
    next.info = definition("mallinfo2", no_info);
    __atomic_store_n(&known, true, __ATOMIC_RELEASE);
    return next;
}

bool standing_down() { return down; }

void decide_standing_down() {
    // A program that is linked with the static library defines malloc as well: ours.
    if (executable_contains(reinterpret_cast<const void*>(&decide_standing_down))) return;
    bool late = behind_libc();
    down = late || executable_defines("malloc");
    // Every size leads to the slow path, and there to no array, also in threads that use kslab's own functions.
    if (down) __builtin_memset(malloc_slots, 0, sizeof malloc_slots);
    // Who asks for debugging must not take silence for a clean run.
    bool said = active_options.verbose == on_off::on || (!late && debug_flags != 0);
    if (!down || !said) return;
    report_line()->put(late ? "not active: loaded after libc, only kslab's own functions are live"
                            : "not active: executable defines malloc");
}

namespace {

// May `object` be an object of the next malloc's heap?
bool may_be_next(const void* object) {
    run_state state;
    if (reinterpret_cast<uintptr_t>(object) % 16 != 0 || page_allocator::covers(object, state)) return false;
    struct mallinfo2 info = next_malloc().info();
    if (info.arena == 0 && info.hblks == 0) return false;
    mapping_kind kind = mapping_of(object);
    return kind == mapping_kind::heap || kind == mapping_kind::anonymous || kind == mapping_kind::behind_file;
}

// Whether the pointer is for the next malloc. False: debugging has reported it, and there is nothing to do. In
// release mode what is for nobody does not come back.
bool is_next(const void* object, const call& how) {
    if (standing_down()) return true;
    int saved = errno;
    bool forward = may_be_next(object);
    bool reported = !forward && debug_flags != 0 && debug_functions.bad_pointer(object, how);
    errno = saved;
    if (!forward && !reported) report_bad_free(bad_free::not_ours, object);
    return forward;
}

}  // namespace

void free_foreign(void* object, const call& how) {
    if (is_next(object, how)) next_malloc().free(object);
}

void* realloc_foreign(void* object, size_t size) {
    if (is_next(object, {.kind = call_kind::realloc})) return next_malloc().realloc(object, size);
    errno = ENOMEM;
    return nullptr;
}

size_t usable_size_foreign(const void* object) {
    if (!is_next(object, {.kind = call_kind::usable_size})) return 0;
    return next_malloc().usable_size(const_cast<void*>(object));
}

}  // namespace kslab
