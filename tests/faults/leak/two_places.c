// finds: leak   mode: 1   count: 2
#include "fault.h"

static NOINLINE void lose(int which) {
    char *p = which ? malloc(16) : malloc(32);
    p[0] = 1;
    RIGHT(free(p);)
}
int main(void) {
    lose(0);
    lose(1);
    forget();
}
