// finds: mismatched-free   mode: 1
// form: linked
#include "fault.h"
#include <kslab/kmem_cache.h>

int main(void) {
    struct kmem_cache *cache = kmem_cache_create("inodes", 88, 0, 0, NULL);
    void *inode = kmem_cache_alloc(cache, GFP_KERNEL);  // <- alloc
    FAULT(free(inode), kmem_cache_free(cache, inode));  // <- check
}
