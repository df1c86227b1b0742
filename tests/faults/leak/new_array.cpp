// finds: leak   mode: 1
// text: 1234 bytes
#include "fault.h"

static NOINLINE void lose() {
    volatile char *p = new char[1234];  // <- alloc
    p[0] = 1;
    RIGHT(delete[] p;)
}
int main() {
    lose();
    forget();
}
