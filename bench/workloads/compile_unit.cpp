// A source for the compiler to work on: containers, templates and algorithms of the standard library.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

template <int N>
struct shape {
  std::map<std::string, std::vector<std::tuple<int, double, std::string>>> rows;
  std::variant<int, std::string, std::vector<shape<N - 1>>> choice;

  std::optional<std::string> longest() const {
    std::optional<std::string> best;
    for (const auto &[name, row] : rows)
      for (const auto &cell : row)
        if (!best || std::get<2>(cell).size() > best->size()) best = name + std::get<2>(cell);
    return best;
  }

  void sort() {
    for (auto &[name, row] : rows)
      std::sort(row.begin(), row.end(), [](const auto &a, const auto &b) { return std::get<N % 3>(a) < std::get<N % 3>(b); });
  }
};

template <>
struct shape<0> {
  std::unordered_map<std::string, std::function<int(int)>> calls;
};

template <int N>
int use(shape<N> &one) {
  one.sort();
  const std::optional<std::string> text = one.longest();
  const bool found = text && text->size() > 3;
  shape<N - 1> next;
  if constexpr (N > 1) return use(next) + (found ? N : 0);
  return found ? N : 0;
}

}  // namespace

int main() {
  shape<5> first;
  first.rows["a"].emplace_back(1, 2.0, "text");
  return use(first) == 0 ? 0 : 1;
}
