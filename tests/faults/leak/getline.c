// finds: leak   mode: 1
// text: 120 bytes
// The file is closed, the line buffer stays.
#include "fault.h"

static NOINLINE void lose(void) {
    char *line = NULL;
    size_t size = 0;
    FILE *file = fmemopen((void *)"one line\n", 9, "r");
    sink = getline(&line, &size, file);  // <- alloc
    fclose(file);
    RIGHT(free(line);)
}
int main(void) {
    lose();
    forget();
}
