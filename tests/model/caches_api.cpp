// A worker's objects from caches of the program's own.
#include "kslab/kmem_cache.h"
#include "worker.h"

namespace model {

held worker::allocate_from(kmem_cache* cache, int index, uint64_t stamp) {
    held object{static_cast<unsigned char*>(kmem_cache_alloc(cache, 0)), kmem_cache_size(cache), stamp, index};
    if (object.object == nullptr) stop("out of memory", object);
    object.write();
    return object;
}

void worker::release_to(kmem_cache* cache, const held& object) { kmem_cache_free(cache, object.object); }

}  // namespace model
