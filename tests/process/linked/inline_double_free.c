// An object that was freed a moment ago is reported by the inlined kmem_cache_free as by the called one.
// forms: api static
// cflags: -DKSLAB_INLINE
// expect: signal ABRT
// expect-stderr: ^kslab: .*free
// own-lines: any
#include "check.h"
#include <kslab/kmem_cache.h>

int main(void) {
    struct kmem_cache *cache = kmem_cache_create("twice", 64, 0, 0, NULL);
    void *object = kmem_cache_alloc(cache, GFP_KERNEL);
    kmem_cache_free(cache, object);
    kmem_cache_free(cache, object);
    _exit(0); /* without the proofs of a process's end */
}
