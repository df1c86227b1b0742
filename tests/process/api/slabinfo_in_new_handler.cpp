// A handler of failed allocations reads and writes slabinfo: nothing of it comes from the heap, which has no memory left.
// forms: preload linked static
// env: KSLAB_LIMIT=24M
#include <initializer_list>
#include <new>

#include "check.h"

extern "C" long kslab_slabinfo_read(char*, size_t) PROCESS_WEAK;
extern "C" int kslab_slabinfo(int) PROCESS_WEAK;

static char text[2][1 << 16];
static int handled;

static void handler()
{
    handled++;
    CHECK(!malloc(4000));
    for (char *to : {text[0], text[1]}) {
        long length = kslab_slabinfo_read(to, sizeof text[0]);
        CHECK(length > 0 && length < (long)sizeof text[0]);
    }
    CHECK(strcmp(text[0], text[1]) == 0);
    int fd = open("/dev/null", O_WRONLY);
    CHECK(kslab_slabinfo(fd) == 0);
    close(fd);
    throw std::bad_alloc();
}

int main()
{
    std::set_new_handler(handler);
    long objects = 0;
    void *list = nullptr;
    try {
        for (;; objects++) {
            void **object = static_cast<void **>(operator new(4000));
            *object = list;
            list = object;
        }
    } catch (const std::bad_alloc &) {
    }
    CHECK(handled == 1);
    const char *row = strstr(text[0], "\nkmalloc-4096 ");
    CHECK(row);
    long active, all;
    CHECK(sscanf(row, " kmalloc-4096 %ld %ld", &active, &all) == 2);
    CHECK_SAY(active >= objects && active <= objects + 30 && all >= active, "%ld of %ld active, %ld in use", active, all, objects);
    return 0;
}
