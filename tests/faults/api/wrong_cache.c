// finds: wrong-cache   mode: 1
// form: linked
// label: quick
#include "fault.h"
#include <kslab/kmem_cache.h>

int main(void) {
    struct kmem_cache *inodes = kmem_cache_create("inodes", 64, 0, 0, NULL);
    struct kmem_cache *files = kmem_cache_create("files", 64, 0, 0, NULL);
    void *inode = kmem_cache_alloc(inodes, GFP_KERNEL);  // <- alloc
    kmem_cache_free(FAULT(files, inodes), inode);  // <- check
    kmem_cache_destroy(files);
    kmem_cache_destroy(inodes);
}
