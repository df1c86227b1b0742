// finds: heap-overflow   mode: 1
// text: 8 bytes written just past the end of a 24-byte object
#include "fault.h"

int main(void) {
    char *p = malloc(24);  // <- alloc
    FILE *file = fmemopen((void *)"a line of more than thirty-two letters", 38, "r");
    if (fgets(p, FAULT(32, 24), file) == NULL) return 1;
    fclose(file);
    free(p);  // <- check
}
