// finds: heap-overflow   mode: 1   count: some
// finds: write-overflow   mode: exact
// 4096 bytes too many go through neighbours, too: each is reported.
#include "fault.h"

int main(void) {
    char *p[512];
    for (int i = 0; i < 512; i++)
        p[i] = malloc(24);  // <- alloc
    memset(p[100], 0, FAULT(24 + 4096, 24));  // <- access
    for (int i = 0; i < 512; i++) free(p[i]);
}
