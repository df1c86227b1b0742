// A program may have functions of its own that are called kmalloc, kfree or kmem_cache_create: a
// preloaded or linked library does not get in their way.
// forms: preload linked static
#include "check.h"

int own_calls;
void *kmalloc(size_t size, unsigned flags) { return own_calls++, malloc(size + flags); }
void kfree(const void *p) { own_calls++, free((void *)p); }
size_t ksize(const void *p) { return own_calls++, p != NULL; }
void *kmem_cache_create(const char *name) { return own_calls++, (void *)name; }

int main(void)
{
    void *(*volatile allocate)(size_t, unsigned) = kmalloc;
    void (*volatile release)(const void *) = kfree;
    release(allocate(100, 0));
    CHECK(ksize("x") == 1 && kmem_cache_create("name") != NULL);
    CHECK(own_calls == 4);
    void *p = malloc(100);
    if (kslab_owns)
        CHECK(kslab_owns(p));
    free(p);
    CHECK(own_calls == 4);
    return 0;
}
