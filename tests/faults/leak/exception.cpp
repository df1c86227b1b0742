// finds: leak   mode: 1
// text: 200 bytes
// What follows the call is skipped when it throws.
#include "fault.h"
#include <memory>

static NOINLINE void check(int value) { if (value < 0) throw value; }
static NOINLINE void use(int value) {
    char *p = new char[200];  // <- alloc
    RIGHT(std::unique_ptr<char[]> owner(p);)
    check(value);
    WRONG(delete[] p;)
}
int main() {
    try { use(-1); } catch (int) {}
    forget();
}
