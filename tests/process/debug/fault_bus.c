// SIGBUS too: an access behind the end of a mapped file is the program's own matter, and ends it by SIGBUS.
//
// expect: signal BUS
// env: KSLAB_DEBUG=full
// reject-stderr: ^BUG
#include "check.h"

#include <sys/mman.h>

int main(void)
{
    int file = memfd_create("empty", 0);
    CHECK(file >= 0);
    volatile char *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    CHECK(memory != MAP_FAILED);
    return memory[0];
}
