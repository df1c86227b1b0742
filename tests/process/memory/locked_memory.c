// Memory that was locked cannot be purged, but it goes back all the same: most of it while it is locked, the rest
// when malloc_trim is called afterwards.
// forms: preload
#include "check.h"
#include <sys/mman.h>

int main(void)
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE))
        skip("memory cannot be locked here");
    size_t before = rss_kib();
    static char *object[300];
    for (int i = 0; i < 300; i++) {
        CHECK((object[i] = malloc(300000)));
        memset(object[i], 1, 300000);
    }
    for (int i = 0; i < 300; i++)
        free(object[i]);
    munlockall();
    malloc_trim(0);
    CHECK_SAY(rss_kib() < before + 20480, "%zu KiB more", rss_kib() - before);
    validate_heap();
    return 0;
}
