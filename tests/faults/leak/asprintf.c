// finds: leak   mode: 1
#include "fault.h"

static NOINLINE void lose(void) {
    char *text;
    sink = asprintf(&text, "%d and %d", 1, 2);  // <- alloc
    RIGHT(free(text);)
}
int main(void) {
    lose();
    forget();
}
