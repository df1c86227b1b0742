// finds: mapped-free   mode: 1
// finds: mapped-free   mode: full
// label: quick
#include "fault.h"
#include <sys/mman.h>

int main(void) {
    char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    WRONG(free(p);)  // <- check
    munmap(p, 65536);
}
