// finds: double-free   mode: 1
#include "fault.h"

int main(void) {
    char *line = NULL;
    size_t size = 0;
    FILE *file = fmemopen((void *)"one line\n", 9, "r");
    if (getline(&line, &size, file) != 9) return 1;  // <- alloc
    fclose(file);
    free(line);  // <- free
    WRONG(free(line);)  // <- check
}
