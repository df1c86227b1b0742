// No giant reservation: a process that has allocated little has little address space and few
// mappings more than without the library.
// forms: preload static
#include "check.h"

int main(void)
{
    void *p[1000];
    for (int i = 0; i < 1000; i++)
        p[i] = malloc((size_t)i);
    size_t vsz = vsz_kib();
    CHECK_SAY(vsz < 24 * 1024, "%zu KiB of address space", vsz);
    int fd = open("/proc/self/maps", O_RDONLY), lines = 0;
    char text[4096];
    for (ssize_t length; (length = read(fd, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < length; i++)
            lines += text[i] == '\n';
    CHECK_SAY(lines < 60, "%d mappings", lines);
    for (int i = 0; i < 1000; i++)
        free(p[i]);
    return 0;
}
