// No mapping of the process is ever executable beyond what the program's own files bring, so that
// MemoryDenyWriteExecute and SELinux's execmem find nothing to refuse.
// forms: preload static
#include "check.h"

int main(void)
{
    for (size_t size = 1; size < 100000000; size *= 2)
        free(malloc(size));
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        skip("no /proc");
    char line[600], permissions[8], path[400];
    while (fgets(line, sizeof line, maps)) {
        path[0] = 0;
        CHECK(sscanf(line, "%*s %7s %*s %*s %*s %399s", permissions, path) >= 1);
        if (permissions[2] == 'x')
            CHECK_SAY(permissions[1] != 'w' && path[0], "%s", line);
    }
    fclose(maps);
    return 0;
}
