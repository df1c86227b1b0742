// finds: objects-remaining   mode: full
// form: linked
#include "fault.h"
#include <kslab/kmem_cache.h>

int main(void) {
    struct kmem_cache *cache = kmem_cache_create("inodes", 256, 0, 0, NULL);
    void *inode = kmem_cache_alloc(cache, GFP_KERNEL);  // <- alloc
    RIGHT(kmem_cache_free(cache, inode);)
    WRONG(kept = inode;)
    kmem_cache_destroy(cache);
}
