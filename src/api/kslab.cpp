// Facts about the allocator (include/kslab/kslab.h).
#include "kslab/kslab.h"

#include <stdlib.h>

#include "base/check.h"
#include "debug/leak/leaks.h"
#include "debug/object/objects.h"
#include "debug/object/validate_heap.h"
#include "debug/object/validate_objects.h"
#include "kmalloc/kmalloc.h"
#include "pages/page_allocator.h"

using namespace kslab;

extern "C" {

KSLAB_EXPORT const char* kslab_version(void) { return KSLAB_VERSION; }

KSLAB_EXPORT int kslab_owns(const void* address) {
    run_state state;
    return !page_owner_of(address).none() || page_allocator::covers(address, state) ? 1 : 0;
}

KSLAB_EXPORT int kslab_is_active(void) {
    void* object = malloc(24);
    // The compiler knows malloc, and would answer without it.
    __asm__ volatile("" : "+r"(object));
    int ours = kslab_owns(object);
    free(object);
    return ours;
}

KSLAB_EXPORT int kslab_validate(void) {
    boot();
    size_t damaged = debug_flags != 0 ? validate_objects("kslab_validate()") : 0;
    const char* wrong = validate_heap();
    if (wrong == nullptr) return damaged == 0 ? 0 : -1;
    report_line()->put("the heap is inconsistent: ").put(wrong);
    return -1;
}

KSLAB_EXPORT long kslab_leak_check(void) {
    boot();
    if ((debug_flags & kDebugLeaks) == 0) return -1;
    leak_totals found = leaks_report("kslab_leak_check()");
    return found.complete ? static_cast<long>(found.direct_objects + found.indirect_objects) : -1;
}

KSLAB_EXPORT void kslab_ignore_leak(const void* object) {
    place p;
    if (debug_flags == 0 || !find_place(object, p)) return;
    object_lock lock(p.begin);
    if (p.record->state == object_state::live && p.object() == object) p.record->marks |= kMarkIgnored;
}

KSLAB_EXPORT size_t kslab_trim(void) { return trim_everything() * kPageSize; }

}  // extern "C"
