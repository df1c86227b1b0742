// KSLAB_GUARD_MEMORY bounds what guarded objects may hold; beyond it objects have redzones, and are checked as ever.
//
// env: KSLAB_DEBUG=full KSLAB_GUARD_MEMORY=1M
// expect-stderr: ^BUG .*Right Redzone overwritten
// expect-stderr: 1 byte written just past the end of a 40-byte object
#include "check.h"

static size_t resident_kib(void)
{
    char text[128];
    int file = open("/proc/self/statm", O_RDONLY);
    CHECK(file >= 0 && read(file, text, sizeof text) > 0);
    close(file);
    return strtoul(strchr(text, ' '), NULL, 10) * 4;
}

int main(void)
{
    enum { kObjects = 20000 };
    static char *objects[kObjects];
    size_t before = resident_kib();
    for (int i = 0; i < kObjects; i++)
        CHECK((objects[i] = hide(malloc(40))) != NULL);
    size_t grown = resident_kib() - before;
    CHECK_SAY(grown < 20000, "%zu KiB for %d objects", grown, kObjects);
    objects[kObjects - 1][40] = 'x';
    for (int i = 0; i < kObjects; i++)
        free(objects[i]);
    return 0;
}
