// finds: leak   mode: 1   count: some
// A string on the heap, with its characters on the heap as well.
#include "fault.h"
#include <string>

static NOINLINE void lose() {
    auto *s = new std::string(100, 'l');  // <- alloc
    sink = s->size();
    RIGHT(delete s;)
}
int main() {
    lose();
    forget();
}
