// finds: write-after-free   mode: 1
// label: full
#include "fault.h"
#include <fcntl.h>

int main(void) {
    char *p = malloc(512);  // <- alloc
    int zero = open("/dev/zero", O_RDONLY);
    RIGHT(if (read(zero, p, 512) != 512) return 1;)
    free(p);  // <- free
    WRONG(if (read(zero, p, 512) == 0) return 1;)
    close(zero);
}
