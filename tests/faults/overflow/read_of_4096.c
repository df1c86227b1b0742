// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 4096-byte object
// The kernel writes: no instruction of the program does.
#include "fault.h"
#include <fcntl.h>

int main(void) {
    char *p = malloc(4096);  // <- alloc
    int zero = open("/dev/zero", O_RDONLY);
    if (read(zero, p, FAULT(4097, 4096)) < 0) return 1;
    close(zero);
    free(p);  // <- check
}
