// finds: heap-overflow   mode: 1
// form: linked
// text: 1 byte written just past the end of a 100-byte object
#include "fault.h"
#include <kslab/kmem_cache.h>

int main(void) {
    struct kmem_cache *cache = kmem_cache_create("inodes", 100, 0, 0, NULL);
    char *inode = kmem_cache_alloc(cache, GFP_KERNEL);  // <- alloc
    inode[FAULT(100, 99)] = 0;
    kmem_cache_free(cache, inode);  // <- check
    kmem_cache_destroy(cache);
}
