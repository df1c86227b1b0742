// Factorisation with numbers on the heap: the tiny objects of interpreters and algebra systems.
//
// Pollard's rho where every intermediate result is a new immutable number whose limbs are allocated, as
// a language with big integers would do it. Nearly all objects die at once, 16 to 64 bytes each.
// Argument: percentage of the work.
#include <memory>

#include "pattern.h"

namespace {

enum class limbs : int {};  // how many, as opposed to a value

// An unsigned number on the heap with only what rho needs. The low limb comes first.
class number {
 public:
  explicit number(uint64_t value) : number(limbs{2}) {
    limbs_[0] = static_cast<uint32_t>(value);
    limbs_[1] = static_cast<uint32_t>(value >> 32);
  }

  friend number operator*(const number &a, const number &b) {
    number product(limbs{a.size_ + b.size_});
    for (int i = 0; i < a.size_; i++) {
      uint64_t carry = 0;
      for (int j = 0; j < b.size_; j++) {
        carry += static_cast<uint64_t>(a.limbs_[i]) * b.limbs_[j] + product.limbs_[i + j];
        product.limbs_[i + j] = static_cast<uint32_t>(carry);
        carry >>= 32;
      }
      product.limbs_[i + b.size_] = static_cast<uint32_t>(carry);
    }
    return product;
  }

  friend number operator+(const number &a, uint32_t small) {
    number sum(limbs{a.size_ + 1});
    uint64_t carry = small;
    for (int i = 0; i < a.size_; i++) {
      carry += a.limbs_[i];
      sum.limbs_[i] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    sum.limbs_[a.size_] = static_cast<uint32_t>(carry);
    return sum;
  }

  uint64_t modulo(uint64_t divisor) const {
    uint64_t rest = 0;
    for (int i = size_; i-- > 0;) rest = static_cast<uint64_t>(((static_cast<unsigned __int128>(rest) << 32) | limbs_[i]) % divisor);
    return rest;
  }

 private:
  explicit number(limbs count) : size_(static_cast<int>(count)), limbs_(std::make_unique<uint32_t[]>(static_cast<size_t>(size_))) {}

  int size_;
  std::unique_ptr<uint32_t[]> limbs_;
};

using boxed = std::unique_ptr<number>;

boxed step(const number &x, uint64_t modulus) { return std::make_unique<number>((x * x + 1).modulo(modulus)); }

uint64_t common_divisor(uint64_t a, uint64_t b) {
  while (b != 0) {
    const uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

uint64_t find_factor(uint64_t product) {
  boxed slow = std::make_unique<number>(2u);
  boxed fast = std::make_unique<number>(2u);
  number collected(1u);
  for (long i = 1;; i++) {
    slow = step(*slow, product);
    fast = step(*step(*fast, product), product);
    const uint64_t a = slow->modulo(product);
    const uint64_t b = fast->modulo(product);
    collected = number((collected * number(a > b ? a - b : b - a)).modulo(product));
    if (i % 64 != 0) continue;
    const uint64_t factor = common_divisor(collected.modulo(product), product);
    if (factor != 1) return factor;
  }
}

}  // namespace

int main(int argc, char **argv) {
  const long rounds = pattern::work(argc, argv, 40);
  uint64_t sum = 0;
  // Products of two primes near 10^9, so that the steps needed are some ten thousand.
  for (long round = 0; round < rounds; round++)
    for (const uint64_t product : {1000000007ull * 1000000009ull, 998244353ull * 1000000021ull, 999999937ull * 1000000033ull})
      sum += find_factor(product);
  pattern::checksum(sum);
}
