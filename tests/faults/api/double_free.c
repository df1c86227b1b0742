// finds: double-free   mode: 1
// form: linked
#include "fault.h"
#include <kslab/kmem_cache.h>

int main(void) {
    struct kmem_cache *cache = kmem_cache_create("inodes", 120, 0, 0, NULL);
    void *inode = kmem_cache_alloc(cache, GFP_KERNEL);  // <- alloc
    kmem_cache_free(cache, inode);  // <- free
    WRONG(kmem_cache_free(cache, inode);)  // <- check
    kmem_cache_destroy(cache);
}
