// Anonymous memory directly behind kslab's own variables is part of the same mapping, and is the program's all the same.
// env: KSLAB_DEBUG=1
// reject-stderr: BUG
#include "leak.h"

#include <sys/mman.h>

// Where the mappings that hold the library end.
static uintptr_t end_of_library(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    uintptr_t end = 0;
    if (!maps)
        skip("no /proc");
    while (fgets(line, sizeof line, maps)) {
        char *at;
        uintptr_t from = strtoul(line, &at, 16);
        uintptr_t to = strtoul(at + 1, NULL, 16);
        if (strstr(line, "libkslab") || (from == end && !strchr(line, '/')))
            end = to;
    }
    fclose(maps);
    return end;
}

int main(void)
{
    uintptr_t end = end_of_library();
    if (end == 0)
        skip("the library is not preloaded");
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void **behind = mmap((void *)end, page, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (behind == MAP_FAILED)
        skip("there is something else behind the library");
    behind[3] = reveal(new_hidden(100));
    CHECK(leaks_now() == 0);
    free(behind[3]);
    return 0;
}
