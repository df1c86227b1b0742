// A backing for pools that counts, and fails when it is told to. Elements know whether somebody owns them, so that
// one that is handed out twice is noticed.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "kslab/mempool.h"

namespace test {

struct pool_element {
    std::atomic<bool> owned{false};
    // Not atomic: the thread sanitizer notices two owners.
    long content = 0;
};

class pool_source {
public:
    static constexpr long kAny = -1;

    // How many more elements there are; kAny: no end. One in `one_of` requests is served; 1: all.
    std::atomic<long> budget{kAny};
    std::atomic<unsigned> one_of{1};
    std::atomic<long> made{0}, freed{0};
    bool logs = false;
    std::vector<gfp_t> masks;

    long alive() const { return made - freed; }

    mempool_t* pool(int min_nr) { return mempool_create(min_nr, allocate, release, this); }

    static void* allocate(gfp_t gfp, void* data) {
        auto* self = static_cast<pool_source*>(data);
        if (self->logs) self->masks.push_back(gfp);
        if (self->requests_++ % self->one_of != 0 || !self->take_one()) return nullptr;
        self->made++;
        return new pool_element;
    }

    static void release(void* element, void* data) {
        EXPECT_FALSE(static_cast<pool_element*>(element)->owned) << "freed while somebody has it";
        delete static_cast<pool_element*>(element);
        static_cast<pool_source*>(data)->freed++;
    }

private:
    bool take_one() {
        for (long left = budget;;) {
            if (left == kAny) return true;
            if (left == 0) return false;
            if (budget.compare_exchange_weak(left, left - 1)) return true;
        }
    }

    std::atomic<unsigned> requests_{0};
};

// Takes an element over, uses it, and gives it up again.
inline void own(void* element) {
    auto* e = static_cast<pool_element*>(element);
    EXPECT_FALSE(e->owned.exchange(true)) << "two owners";
    e->content++;
}
inline void disown(void* element) {
    auto* e = static_cast<pool_element*>(element);
    e->content++;
    EXPECT_TRUE(e->owned.exchange(false));
}

}  // namespace test
