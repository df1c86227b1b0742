#include "debug/object/validate_arrays.h"

#include "base/bits.h"
#include "cache/node.h"
#include "os/memory.h"
#include "pages/page_map.h"
#include "thread/thread.h"

namespace kslab {

namespace {

#define KSLAB_HOLDS(condition, sentence) \
    if (!(condition)) return sentence

// The objects that were met, by address; in pages of its own, as nothing may be allocated here.
class met_objects {
public:
    explicit met_objects(size_t most) {
        while (size_ < 2 * most) size_ *= 2;
        table_ = static_cast<const void**>(os_map(size_ * sizeof(void*)));
    }
    ~met_objects() {
        if (table_ != nullptr) os_unmap(table_, size_ * sizeof(void*));
    }
    met_objects(const met_objects&) = delete;
    met_objects& operator=(const met_objects&) = delete;

    // False: it was met before. Without memory all are new.
    bool add(const void* object) {
        if (table_ == nullptr) return true;
        size_t at = reinterpret_cast<uintptr_t>(object) * 0x9e3779b97f4a7c15u >> 20;
        for (size_t tries = 0; tries < size_; tries++, at++) {
            const void*& place = table_[at % size_];
            if (place == object) return false;
            if (place != nullptr) continue;
            place = object;
            return true;
        }
        return true;
    }

private:
    size_t size_ = kPageSize / sizeof(void*);
    const void** table_;
};

// An object of that cache, not free in its slab, and in no other array.
const char* validate_waiting(const kmem_cache* cache, const void* object, met_objects& met) {
    const slab* s = page_owner_of(object).slab();
    KSLAB_HOLDS(s != nullptr && s->cache == cache, "an array holds what is no object of its cache");
    uint32_t index = obj_to_index(s, object, cache->size, cache->reciprocal);
    KSLAB_HOLDS(index != kNoIndex, "an array holds a pointer into the middle of an object");
    KSLAB_HOLDS(!slab_obj_free(s, index), "an object is in an array and free in its slab");
    KSLAB_HOLDS(met.add(object), "an object is twice in arrays");
    return nullptr;
}

// Objects of node `n` only.
const char* validate_shared(const kmem_cache* cache, shared_array& shared, unsigned n, met_objects& met) {
    scoped_lock lock(shared.lock);
    KSLAB_HOLDS(shared.avail <= shared.limit, "a shared or alien array holds more than its limit");
    KSLAB_HOLDS(shared.avail == 0 || shared.entry != nullptr, "a shared or alien array without memory holds objects");
    for (unsigned i = 0; i < shared.avail; i++) {
        if (const char* wrong = validate_waiting(cache, shared.entry[i], met)) return wrong;
        KSLAB_HOLDS(page_owner_of(shared.entry[i]).slab()->node == n, "a shared or alien array holds another node's object");
    }
    return nullptr;
}

const char* validate_node(const kmem_cache* cache, cache_node& node, met_objects& met) {
    if (const char* wrong = validate_shared(cache, node.shared, node.id, met)) return wrong;
    size_t shared_limit = size_t{cache->batchcount} * cache->shared_factor;
    KSLAB_HOLDS(node.shared.limit == shared_limit, "a shared array's limit is not batchcount times shared");
    shared_array* arrays = node.alien.load(std::memory_order_acquire);
    if (arrays == nullptr) return nullptr;
    KSLAB_HOLDS(arrays[node.id].avail == 0, "a node has an alien array for itself");
    for (unsigned n = 0; n < nr_nodes; n++)
        if (const char* wrong = validate_shared(cache, arrays[n], n, met)) return wrong;
    return nullptr;
}

struct array_walk {
    met_objects& met;
    const char* wrong = nullptr;
};

void validate_array(kmem_cache* cache, const array_cache* ac, void* context) {
    auto* walk = static_cast<array_walk*>(context);
    if (walk->wrong != nullptr) return;
    if (ac->avail > ac->limit || ac->limit > ac->capacity()) walk->wrong = "avail <= limit <= capacity does not hold";
    for (unsigned i = 0; i < ac->avail && walk->wrong == nullptr; i++)
        walk->wrong = validate_waiting(cache, ac->entry[i], walk->met);
}

size_t count_waiting() {
    size_t count = 0;
    for_each_cache([&count](kmem_cache* cache) {
        for_each_node(cache, [&count](cache_node& node) { count += node.shared.avail + waiting_aliens(node); });
    });
    for_each_array(
        [](kmem_cache*, const array_cache* ac, void* context) { *static_cast<size_t*>(context) += ac->avail; }, &count);
    return count;
}

}  // namespace

const char* validate_arrays() {
    met_objects met(count_waiting());
    array_walk walk{met};
    for_each_cache([&walk](kmem_cache* cache) {
        for_each_node(cache, [&walk, cache](cache_node& node) {
            if (walk.wrong == nullptr) walk.wrong = validate_node(cache, node, walk.met);
        });
    });
    if (walk.wrong == nullptr) for_each_array(validate_array, &walk);
    return walk.wrong;
}

}  // namespace kslab
