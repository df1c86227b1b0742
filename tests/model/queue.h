// A bounded queue for many writers and readers (Vyukov's): objects are handed from thread to thread without a
// lock that would also order what the allocator does.
#pragma once
#include <atomic>

#include "held.h"

namespace model {

class queue {
public:
    queue() {
        for (size_t i = 0; i < kCells; i++) cells_[i].turn.store(i, std::memory_order_relaxed);
    }

    bool push(const held& object) {
        size_t at = tail_.load(std::memory_order_relaxed);
        for (;;) {
            cell& c = cells_[at % kCells];
            size_t turn = c.turn.load(std::memory_order_acquire);
            if (turn == at && tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
                c.object = object;
                c.turn.store(at + 1, std::memory_order_release);
                return true;
            }
            if (turn < at) return false;
            if (turn != at) at = tail_.load(std::memory_order_relaxed);
        }
    }

    bool pop(held& object) {
        size_t at = head_.load(std::memory_order_relaxed);
        for (;;) {
            cell& c = cells_[at % kCells];
            size_t turn = c.turn.load(std::memory_order_acquire);
            if (turn == at + 1 && head_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
                object = c.object;
                c.turn.store(at + kCells, std::memory_order_release);
                return true;
            }
            if (turn < at + 1) return false;
            if (turn != at + 1) at = head_.load(std::memory_order_relaxed);
        }
    }

private:
    static constexpr size_t kCells = 1024;
    struct cell {
        std::atomic<size_t> turn;
        held object;
    };
    alignas(64) std::atomic<size_t> tail_{0};
    alignas(64) std::atomic<size_t> head_{0};
    cell cells_[kCells];
};

}  // namespace model
