// A preloaded neighbour, before or after ours, whose constructor and whose interposed open, read and
// mmap allocate and call dlsym: neither recursion nor deadlock, whoever starts first.
// preload: @so @lib
// preload: @lib @so
// preload: @so:@lib
#include "check.h"

extern int neighbour_calls(void) __attribute__((weak));

int main(void)
{
    CHECK(neighbour_calls);
    char text[10];
    int fd = open("/dev/zero", O_RDONLY);
    CHECK(fd >= 0 && read(fd, text, sizeof text) == sizeof text);
    close(fd);
    for (size_t size = 1; size < 20000000; size *= 3)
        free(malloc(size));
    CHECK(neighbour_calls() >= 2);
    validate_heap();
    return 0;
}
