// After dlopen only the library's own functions are live: its malloc forwards to libc's, also in a thread that
// has used kmalloc before.
// forms: plain
// link: -ldl
#include "check.h"
#include <dlfcn.h>

int main(void)
{
    const char *path = getenv("TEST_LIB");
    if (!path)
        skip("no library");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK_SAY(library, "%s", dlerror());
    void *(*their_malloc)(size_t) = (void *(*)(size_t))dlsym(library, "malloc");
    void *(*their_kmalloc)(size_t, unsigned) = (void *(*)(size_t, unsigned))dlsym(library, "kslab_kmalloc");
    void (*their_kfree)(const void *) = (void (*)(const void *))dlsym(library, "kslab_kfree");
    int (*owns)(const void *) = (int (*)(const void *))dlsym(library, "kslab_owns");
    CHECK(their_malloc && their_kmalloc && their_kfree && owns);
    for (size_t size = 1; size < 20000; size = size * 2 + 1) {
        void *ours = their_kmalloc(size, 0);
        CHECK(owns(ours));
        their_kfree(ours);
        void *libcs = their_malloc(size);
        CHECK(libcs && !owns(libcs));
        free(libcs);
    }
    return 0;
}
