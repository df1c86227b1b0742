// Containers with kslab::allocator and static storage: they give back, and even allocate, after everything that was
// made later is gone, in destructors and in exit handlers. The caches of types outlive them all.
// forms: api linked static
// expect-stderr: ^last$
#include "check.h"

#include <list>
#include <map>
#include <string>

#include "kslab/cache.hpp"

using text = std::basic_string<char, std::char_traits<char>, kslab::allocator<char>>;
template <typename T>
using list = std::list<T, kslab::allocator<T>>;

// Made first, destroyed last: by then the others' elements are gone.
struct last {
    list<text> kept;
    ~last()
    {
        CHECK(kept.size() == 1000 && kept.back() == text(100, 'k'));
        for (int i = 0; i < 1000; i++)
            kept.emplace_back(60, 'l');
        list<double> of_a_new_type(10, 1.5); // whose cache is made here
        CHECK(of_a_new_type.back() == 1.5);
        if (kslab_validate() != 0)
            _exit(3);
        say("last");
    }
} last_destroyed;

static void at_exit() { last_destroyed.kept.emplace_back(100, 'k'); }
static bool handler = atexit(at_exit) == 0;

static std::map<int, text, std::less<>, kslab::allocator<std::pair<const int, text>>> table;
static thread_local list<text> of_the_thread;

int main()
{
    CHECK(handler);
    for (int i = 0; i < 999; i++) {
        last_destroyed.kept.emplace_back(static_cast<size_t>(i % 90), 'x');
        table.emplace(i, text(50, 't'));
        of_the_thread.emplace_back(50, 't');
    }
    return 0;
}
