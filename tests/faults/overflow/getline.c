// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 120-byte object
#include "fault.h"

int main(void) {
    char *line = NULL;
    size_t size = 0;
    FILE *file = fmemopen((void *)"one line\n", 9, "r");
    if (getline(&line, &size, file) != 9) return 1;  // <- alloc
    line[FAULT(size, size - 1)] = 1;
    fclose(file);
    free(line);  // <- check
}
