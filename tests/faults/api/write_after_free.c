// finds: write-after-free   mode: 1
// form: linked
#include "fault.h"
#include <kslab/kmem_cache.h>

int main(void) {
    struct kmem_cache *cache = kmem_cache_create("inodes", 100, 0, 0, NULL);
    char *inode = kmem_cache_alloc(cache, GFP_KERNEL);  // <- alloc
    RIGHT(inode[50] = 0;)
    kmem_cache_free(cache, inode);  // <- free
    WRONG(inode[50] = 0;)
    kmem_cache_destroy(cache);
}
