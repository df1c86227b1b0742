// The library keeps no file open: daemons close everything from 3 on, and count what is open.
// forms: preload static
#include "check.h"

int main(void)
{
    for (size_t size = 1; size < 100000000; size *= 2) {
        void *p = malloc(size);
        memset(p, 1, size > 1 << 20 ? 1 << 20 : size);
        free(p);
    }
    malloc_trim(0);
    for (int fd = 3; fd < 256; fd++)
        CHECK_SAY(fcntl(fd, F_GETFD) == -1, "descriptor %d is open", fd);
    return 0;
}
