// A thread in a group: malloc and operator new are counted and limited, and nobody else notices.
// forms: preload linked static
#include "check.h"

#include <kslab/group.h>

#include <new>
#include <string>
#include <thread>
#include <vector>

extern "C" {
__typeof__(kslab_group_create) kslab_group_create PROCESS_WEAK;
__typeof__(kslab_group_destroy) kslab_group_destroy PROCESS_WEAK;
__typeof__(kslab_group_enter) kslab_group_enter PROCESS_WEAK;
__typeof__(kslab_group_leave) kslab_group_leave PROCESS_WEAK;
__typeof__(kslab_group_stat) kslab_group_stat PROCESS_WEAK;
}

static size_t bytes_of(int group)
{
    struct kslab_group_stats stats;
    CHECK(kslab_group_stat(group, &stats) == 0);
    return stats.bytes;
}

static bool throws(size_t size)
{
    try {
        operator delete(operator new(size));
        return false;
    } catch (const std::bad_alloc &) {
        return true;
    }
}

int main()
{
    int group = kslab_group_create("limited", 100000);
    CHECK(group > 0);
    char *text;
    std::vector<std::string> strings;
    {
        kslab::group_guard in(group);
        text = strdup("counted where the thread is, not who calls");
        CHECK(bytes_of(group) == malloc_usable_size(text));
        for (int i = 0; i < 500; i++)
            strings.push_back(std::string(50, 'x'));
        size_t before = bytes_of(group);
        CHECK(before > 500 * 51);
        errno = 0;
        CHECK(malloc(100000) == nullptr && errno == ENOMEM);
        CHECK(calloc(1000, 100) == nullptr);
        CHECK(realloc(text, 200000) == nullptr);
        CHECK(aligned_alloc(64, 128000) == nullptr);
        CHECK(throws(100000));
        CHECK(!throws(1000));
        std::thread([] { CHECK(!throws(1000000)); }).join();
        CHECK(bytes_of(group) >= before);  // the thread's own parts are the thread's that made it
    }
    CHECK(!throws(100000));
    free(text);
    std::thread([&strings] {
        strings.clear();
        strings.shrink_to_fit();
    }).join();
    CHECK(kslab_validate() == 0);
    return 0;
}
