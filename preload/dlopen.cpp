// dlopen without RTLD_DEEPBIND (KSLAB_DEEPBIND): a plugin loaded with it would find libc's malloc first, and libc's free knows
// nothing of our objects. The next dlopen is a tail call: it looks at its caller for RPATH and $ORIGIN, which must stay the program's code.
#include <dlfcn.h>
#include <errno.h>

#include "kmalloc/kmalloc.h"
#include "kmalloc/module_groups.h"
#include "malloc/foreign.h"
#include "os/executable.h"

extern "C" KSLAB_EXPORT __attribute__((used)) void* dlopen(const char* file, int flags) {
    using function = void*(const char*, int);
    static function* next = nullptr;
    function* found = __atomic_load_n(&next, __ATOMIC_ACQUIRE);
    if (found == nullptr) {
        found = reinterpret_cast<function*>(kslab::next_definition("dlopen"));
        __atomic_store_n(&next, found, __ATOMIC_RELEASE);
    }
    kslab::module_groups_forget();
    bool clear = kslab::active_options.deepbind_flag == kslab::deepbind::clear && !kslab::standing_down();
    if (clear) flags &= ~RTLD_DEEPBIND;
    return found(file, flags);
}
