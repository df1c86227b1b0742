// finds: leak   mode: 1
// text: 72 bytes
// release where reset was meant.
#include "fault.h"
#include <memory>

struct widget { volatile long state[9] = {}; };
static NOINLINE void lose() {
    auto p = std::make_unique<widget>();  // <- alloc
    p.FAULT(release, reset)();
}
int main() {
    lose();
    forget();
}
