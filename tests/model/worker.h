// One thread's part of the torture: objects of its own, all stamped, checked whenever they are looked at.
#pragma once
#include <vector>

#include "held.h"
#include "queue.h"
#include "support/random.h"

struct kmem_cache;

namespace model {

struct playground {
    queue handed;                      // objects on their way from thread to thread
    std::vector<kmem_cache*> caches;   // empty in the malloc variant
};

class worker {
public:
    worker(playground& shared, uint64_t thread, uint64_t seed);

    void run(size_t steps);
    void check_all() const;
    // Frees what it holds, or hands it to whoever comes next.
    void release_all();
    void hand_all_over();
    // Frees what nobody took.
    void release_handed();

    static held allocate_from(kmem_cache* cache, int index, uint64_t stamp);
    static void release_to(kmem_cache* cache, const held& object);

private:
    void step();
    void allocate(held& slot);
    void release(held& slot);
    void resize(held& slot);
    size_t random_size();
    uint64_t next_stamp() { return thread_ << 40 | ++serial_; }

    playground& shared_;
    uint64_t thread_;
    uint64_t serial_ = 0;
    test::random random_;
    std::vector<held> slots_;
};

}  // namespace model
