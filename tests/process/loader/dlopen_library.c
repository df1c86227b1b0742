// dlopen of the library by a program whose malloc is libc's: it loads (its thread-local storage is
// small), its API works, and libc's pointers still go to libc, ours to us.
// forms: plain
// link: -ldl
// args: local
// args: global
#include "check.h"
#include <dlfcn.h>

int main(int argc, char **argv)
{
    const char *path = getenv("TEST_LIB");
    if (!path || argc != 2)
        skip("no library");
    void *before = malloc(1000);
    void *library = dlopen(path, RTLD_NOW | (strcmp(argv[1], "global") ? RTLD_LOCAL : RTLD_GLOBAL));
    CHECK_SAY(library, "%s", dlerror());
    int (*is_active)(void) = (int (*)(void))dlsym(library, "kslab_is_active");
    int (*owns)(const void *) = (int (*)(const void *))dlsym(library, "kslab_owns");
    void *(*their_malloc)(size_t, unsigned) = (void *(*)(size_t, unsigned))dlsym(library, "kslab_kmalloc");
    void (*their_free)(const void *) = (void (*)(const void *))dlsym(library, "kslab_kfree");
    int (*validate)(void) = (int (*)(void))dlsym(library, "kslab_validate");
    CHECK(is_active && owns && their_malloc && their_free && validate);
    CHECK(is_active() == 0);
    // A program's own calls are bound to libc; nothing may have changed for them.
    void *after = malloc(1000);
    CHECK(!owns(before) && !owns(after));
    free(before);
    free(realloc(after, 100000));
    for (size_t size = 1; size < 300000; size = size * 2 + 1) {
        char *p = their_malloc(size, 0);
        CHECK(p && owns(p));
        memset(p, 1, size);
        their_free(p);
    }
    CHECK(validate() == 0);
    return 0;
}
