// finds: leak   mode: 1
// text: 80 bytes in 10 objects
#include "fault.h"
#include <vector>

static NOINLINE void lose() {
    std::vector<long *> v;
    for (int i = 0; i < 10; i++)
        v.push_back(new long(i));  // <- alloc
    RIGHT(for (long *p : v) delete p;)
}
int main() {
    lose();
    forget();
}
