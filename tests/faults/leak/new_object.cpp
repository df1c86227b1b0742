// finds: leak   mode: 1
// text: 48 bytes
// label: quick
#include "fault.h"

struct widget { volatile long state[6] = {}; };
static NOINLINE void lose() {
    widget *w = new widget;  // <- alloc
    sink = w->state[1];
    RIGHT(delete w;)
}
int main() {
    lose();
    forget();
}
