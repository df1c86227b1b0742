// Where the library is the malloc, kmalloc and malloc are one heap: each may free what the other
// gave. The public headers work from a program that is linked with it.
// forms: linked static static-pie
#include "check.h"
#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>
#include <kslab/kslab.h>

static int constructed;
static void construct(void *object)
{
    constructed++;
    memset(object, 0x33, 40);
}

int main(void)
{
    CHECK(kslab_is_active() == 1);
    for (size_t size = 1; size < 1000000; size = size * 2 + 1) {
        kfree(malloc(size));
        free(kmalloc(size, 0));
        void *p = malloc(size);
        CHECK(ksize(p) >= size && ksize(p) == malloc_usable_size(p));
        free(krealloc(p, size * 2, 0));
    }
    struct kmem_cache *cache = kmem_cache_create("constructed", 40, 0, 0, construct);
    CHECK(cache);
    for (int i = 0; i < 500; i++) {
        void *object = kmem_cache_alloc(cache, 0);
        CHECK(object && all_bytes_are(object, 0x33, 40));
        kmem_cache_free(cache, object);
    }
    CHECK(constructed > 0);
    kmem_cache_destroy(cache);
    CHECK(kslab_validate() == 0);
    return 0;
}
