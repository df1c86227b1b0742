// A number that is written under a lock and read without one: statistics, bounds, hints. Costs what a plain
// variable costs. The arithmetic is no atomic read-modify-write.
#pragma once
#include "base/attributes.h"

namespace kslab {

template <typename T>
class relaxed {
public:
    constexpr relaxed(T value = T{}) : value_(value) {}
    constexpr relaxed(const relaxed& other) : value_(other.value_) {}
    relaxed& operator=(const relaxed& other) { return *this = static_cast<T>(other); }

    operator T() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
    relaxed& operator=(T value) {
        __atomic_store_n(&value_, value, __ATOMIC_RELAXED);
        return *this;
    }
    relaxed& operator+=(T n) { return *this = static_cast<T>(static_cast<T>(*this) + n); }
    relaxed& operator-=(T n) { return *this = static_cast<T>(static_cast<T>(*this) - n); }

private:
    T value_;
};

}  // namespace kslab
