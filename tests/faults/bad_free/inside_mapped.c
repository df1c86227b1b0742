// finds: mapped-free   mode: 1
#include "fault.h"
#include <sys/mman.h>

int main(void) {
    char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    WRONG(free(p + 4096 + 16);)  // <- check
    munmap(p, 65536);
}
