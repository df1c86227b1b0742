// malloc_stats writes to standard error, with libc's words for the two figures everybody greps for.
// forms: preload static
// expect-stderr: system bytes +=
// expect-stderr: in use bytes +=
#include "check.h"

int main(void)
{
    void *block = malloc(30 << 20);
    int saved = dup(2);
    char path[] = "/tmp/malloc_stats.XXXXXX";
    int fd = mkstemp(path);
    CHECK(saved >= 0 && fd >= 0 && unlink(path) == 0);
    static char text[20000];
    dup2(fd, 2);
    malloc_stats();
    fflush(stderr);
    dup2(saved, 2);
    CHECK(pread(fd, text, sizeof text - 1, 0) > 0);
    // One of the figures covers the block.
    size_t most = 0;
    for (char *at = text; (at = strchr(at, '=')); at++)
        if (strtoul(at + 1, NULL, 10) > most)
            most = strtoul(at + 1, NULL, 10);
    CHECK_SAY(most >= 30u << 20 && most < 200u << 20, "largest figure: %zu", most);
    free(block);
    malloc_stats();
    return 0;
}
