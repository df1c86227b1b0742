// Buffers that grow by moving, and go: the address space that was meant for their growth goes, too. Before, each left 4 MiB
// of it behind, and the next took other addresses, which cost memory for what the allocator knows of them.
#include "check.h"

static long status(const char *name)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;
    if (!f)
        skip("no /proc");
    while (fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name)))
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    fclose(f);
    return kib;
}

int main(void)
{
    long size = 0, rss = 0;
    for (int i = 0; i < 600; i++) {
        char *p = malloc(16384);
        for (size_t s = 32768; s <= (16u << 20); s *= 2) {
            CHECK((p = realloc(p, s)) != NULL);
            p[s - 1] = 1;
        }
        free(p);
        if (i == 60)
            size = status("VmSize"), rss = status("VmRSS");
    }
    CHECK(status("VmSize") < size + (64 << 10));
    CHECK(status("VmRSS") < rss + (4 << 10));
    return 0;
}
