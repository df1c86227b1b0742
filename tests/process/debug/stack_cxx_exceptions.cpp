// C++ exceptions work while stacks are kept: thrown through frames of libraries, from threads, from operator new, and
// out of a function that allocates on the way.
// env: KSLAB_DEBUG=U
// variant: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=U KSLAB_DEPTH=64
// reject-stderr: ^BUG
#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

static int thrown_deep(int depth)
{
    std::string text(static_cast<size_t>(depth) + 40, 'x');
    if (depth == 0) throw std::runtime_error(text);
    return thrown_deep(depth - 1) + static_cast<int>(text.size());
}

static int through_the_library(void)
{
    std::vector<int> numbers{3, 1, 2};
    int caught = 0;
    for (int i = 0; i < 100; i++) {
        try {
            std::sort(numbers.begin(), numbers.end(), [](int, int) -> bool { throw std::string(50, 'y'); });
        } catch (const std::string &s) {
            caught += s.size() == 50;
        }
        try {
            thrown_deep(i);
        } catch (const std::runtime_error &) {
            caught++;
        }
        try {
            std::vector<char> endless;
            endless.resize(static_cast<size_t>(-1) / 4);
        } catch (const std::exception &) {
            caught++;
        }
    }
    return caught;
}

int main()
{
    CHECK(through_the_library() == 300);
    int in_thread = 0;
    std::thread other([&] { in_thread = through_the_library(); });
    other.join();
    CHECK(in_thread == 300);
    return 0;
}
