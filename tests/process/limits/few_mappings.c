// A heap of many sizes and ages needs few kernel mappings; 65530 is all that a process gets.
// forms: preload static
// needs: memory 2000
#include "check.h"

enum { OBJECTS = 60000 };

static int mappings(void)
{
    int fd = open("/proc/self/maps", O_RDONLY), lines = 0;
    char text[16384];
    for (ssize_t length; (length = read(fd, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < length; i++)
            lines += text[i] == '\n';
    close(fd);
    return lines;
}

int main(void)
{
    static void *object[OBJECTS];
    uint64_t state = 51;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < OBJECTS; i++)
            if (!object[i]) {
                size_t size = next_random(&state) % (i % 8 ? 1000 : 100000) + 1;
                CHECK((object[i] = malloc(size)));
                *(char *)object[i] = 1;
            }
        for (int i = 0; i < OBJECTS; i++)
            if (next_random(&state) % 10 < 7)
                free(object[i]), object[i] = NULL;
        malloc_trim(0);
    }
    int lines = mappings();
    CHECK_SAY(lines < 2500, "%d mappings", lines);
    return 0;
}
