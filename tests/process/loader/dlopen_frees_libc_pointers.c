// After dlopen the library's own free and realloc, reached through dlsym, pass libc's pointers on to
// libc: a plugin that looks up "free" by itself does just this.
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
    void (*their_free)(void *) = (void (*)(void *))dlsym(library, "free");
    void *(*their_realloc)(void *, size_t) = (void *(*)(void *, size_t))dlsym(library, "realloc");
    void *(*their_malloc)(size_t) = (void *(*)(size_t))dlsym(library, "malloc");
    size_t (*their_size)(void *) = (size_t(*)(void *))dlsym(library, "malloc_usable_size");
    CHECK(their_free && their_realloc && their_malloc && their_size);
    for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
        their_free(malloc(size));
        unsigned char *p = malloc(size);
        CHECK(their_size(p) >= size);
        memset(p, 9, size);
        p = their_realloc(p, size * 2);
        CHECK(p && all_bytes_are(p, 9, size));
        // Whoever serves the library's malloc now, libc's free must accept it, since the library
        // is not the process's malloc.
        free(p);
        free(their_malloc(size));
    }
    return 0;
}
