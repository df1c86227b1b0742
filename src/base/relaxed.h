// A number that is written under a lock and read without one, or a hint that may lose an update. Costs what a plain
// variable costs. The arithmetic is no atomic read-modify-write.
#pragma once
#include <atomic>

#include "base/attributes.h"

namespace kslab {

template <typename T>
class relaxed {
public:
    constexpr relaxed(T value = T{}) : value_(value) {}
    relaxed(const relaxed& other) : value_(static_cast<T>(other)) {}
    relaxed& operator=(const relaxed& other) { return *this = static_cast<T>(other); }

    operator T() const { return value_.load(std::memory_order_relaxed); }
    relaxed& operator=(T value) {
        value_.store(value, std::memory_order_relaxed);
        return *this;
    }
    relaxed& operator+=(T n) { return *this = static_cast<T>(static_cast<T>(*this) + n); }
    relaxed& operator-=(T n) { return *this = static_cast<T>(static_cast<T>(*this) - n); }

    // The one operation that is atomic as a whole: false when the value was not `from`.
    bool change(T from, T to) {
        return value_.compare_exchange_strong(from, to, std::memory_order_acq_rel, std::memory_order_relaxed);
    }

private:
    std::atomic<T> value_;
};

}  // namespace kslab
