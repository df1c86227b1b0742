// The same for C++: operators and containers use the library's heap in every form.
// forms: preload linked static static-pie
#include "check.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

struct alignas(128) wide { char bytes[128]; };

int main()
{
    CHECK(kslab_is_active && kslab_is_active() == 1);
    auto number = std::make_unique<int>(1);
    auto array = std::make_unique<char[]>(100000);
    auto aligned = std::make_unique<wide>();
    CHECK(kslab_owns(number.get()) && kslab_owns(array.get()) && kslab_owns(aligned.get()));
    CHECK(reinterpret_cast<uintptr_t>(aligned.get()) % 128 == 0);
    std::map<std::string, std::vector<int>> map;
    for (int i = 0; i < 2000; i++)
        map[std::string(40, 'a') + std::to_string(i)].assign(static_cast<size_t>(i % 50), i);
    CHECK(kslab_owns(&*map.begin()));
    try {
        throw std::string(1000, 'x'); // exception objects are allocated, too
    } catch (const std::string &text) {
        CHECK(text.size() == 1000);
    }
    CHECK(kslab_validate() == 0);
}
