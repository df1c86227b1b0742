// Running out of memory through containers: bad_alloc arrives, the stack unwinds, everything built
// so far is freed, and the next attempt works.
// forms: preload static
#include "check.h"
#include <list>
#include <new>
#include <string>
#include <sys/resource.h>

int main()
{
    rlimit limit{vsz_kib() * 1024 + (48 << 20), RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (int round = 0; round < 4; round++) {
        size_t built = 0;
        try {
            std::list<std::string> list;
            for (;;) {
                list.emplace_back(300 + built % 1000, 'x');
                built++;
            }
        } catch (const std::bad_alloc &) {
        }
        CHECK_SAY(built > 20000, "only %zu strings fitted in round %d", built, round);
    }
    validate_heap();
}
