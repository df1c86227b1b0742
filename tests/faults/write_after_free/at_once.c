// finds: write-after-free   mode: 1
// text: 40-byte object that was freed
// finds: write-after-free-fault   mode: full
// text: 40-byte object that was freed
// label: quick
#include "fault.h"

int main(void) {
    char *p = malloc(40);  // <- alloc
    RIGHT(p[8] = 1;)
    free(p);  // <- free
    WRONG(p[8] = 1;)  // <- access
}
