// Growing a block from 1 MiB to 1 GiB in steps of 1 MiB neither copies it every time (that would be
// half a terabyte) nor keeps old copies resident.
// needs: memory 3000
// timeout: 60
// label: full
// alone: yes
#include "check.h"

int main(void)
{
    const size_t step = 1 << 20, end = 1 << 30;
    char *p = NULL;
    double start = seconds_now();
    size_t before = rss_kib(), most = 0;
    for (size_t size = step; size <= end; size += step) {
        CHECK((p = realloc(p, size)));
        memset(p + size - step, (int)(size >> 20), step);
        if (size % (64 * step) == 0 && rss_kib() > most)
            most = rss_kib();
    }
    for (size_t size = step; size <= end; size += step)
        CHECK(p[size - 1] == (char)(size >> 20) && p[size - step] == (char)(size >> 20));
    free(p);
    double seconds = seconds_now() - start;
    CHECK_SAY(seconds < 30, "%f seconds", seconds);
    CHECK_SAY(most - before < 1300 * 1024, "%zu KiB resident for 1 GiB", most - before);
    size_t left = rss_kib() - before;
    CHECK_SAY(left < 40 * 1024, "%zu KiB stay after free", left);
    return 0;
}
