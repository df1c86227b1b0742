// finds: leak   mode: 1
// text: 96 bytes
// The only pointer to it lies in memory that was freed.
#include "fault.h"

static NOINLINE void lose(void) {
    char **table = malloc(10 * sizeof *table);
    table[5] = malloc(96);  // <- alloc
    RIGHT(free(table[5]);)
    free(table);
}
int main(void) {
    lose();
    forget();
}
