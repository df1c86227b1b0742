// finds: heap-overflow   mode: 1   count: some
// finds: write-overflow   mode: full
#include "fault.h"

int main(void) {
    char *p[8];
    for (int i = 0; i < 8; i++)
        p[i] = malloc(40);  // <- alloc
    memset(p[3], 0, FAULT(140, 40));  // <- access
    for (int i = 0; i < 8; i++) free(p[i]);
}
