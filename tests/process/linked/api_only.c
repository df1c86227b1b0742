// The API-only archive leaves malloc alone: libc serves malloc, the library kmalloc, and both heaps
// stay apart.
// forms: api
#include "check.h"
#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>
#include <kslab/kslab.h>

int main(void)
{
    void *theirs = malloc(100);
    CHECK(kslab_is_active() == 0);
    CHECK(!kslab_owns(theirs));
    free(theirs);
    for (size_t size = 1; size < 3000000; size = size * 2 + 1) {
        unsigned char *p = kmalloc(size, 0);
        CHECK(p && kslab_owns(p) && ksize(p) >= size);
        memset(p, 7, size);
        CHECK((p = krealloc(p, size * 3, 0)));
        CHECK(all_bytes_are(p, 7, size));
        kfree(p);
    }
    kfree(NULL);
    struct kmem_cache *cache = kmem_cache_create("api-test", 72, 64, 0, NULL);
    CHECK(cache);
    void *object[1000];
    for (int i = 0; i < 1000; i++) {
        object[i] = kmem_cache_alloc(cache, 0);
        CHECK(object[i] && (uintptr_t)object[i] % 64 == 0 && kslab_owns(object[i]));
        memset(object[i], 1, 72);
    }
    for (int i = 0; i < 1000; i++)
        kmem_cache_free(cache, object[i]);
    kmem_cache_destroy(cache);
    CHECK(kslab_validate() == 0);
    return 0;
}
