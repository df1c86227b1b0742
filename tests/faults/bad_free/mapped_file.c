// finds: (mapped|static)-free   mode: 1
#include "fault.h"
#include <fcntl.h>
#include <sys/mman.h>

int main(void) {
    int self = open("/proc/self/exe", O_RDONLY);
    char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, self, 0);
    WRONG(free(p);)  // <- check
    munmap(p, 4096);
    close(self);
}
