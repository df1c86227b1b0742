// finds: read-after-free   mode: full
#include "fault.h"

struct widget { volatile long state[6] = {}; };
int main() {
    widget *w = new widget;  // <- alloc
    RIGHT(sink = w->state[4];)
    delete w;  // <- free
    WRONG(sink = w->state[4];)  // <- access
}
