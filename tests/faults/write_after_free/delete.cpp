// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"

struct widget { volatile long state[6]; };
int main() {
    widget *w = new widget;  // <- alloc
    RIGHT(w->state[4] = 2;)
    delete w;  // <- free
    WRONG(w->state[4] = 2;)  // <- access
}
