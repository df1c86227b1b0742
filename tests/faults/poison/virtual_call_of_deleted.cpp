// finds: poison-pointer   mode: 1
// text: 0x6b
// finds: read-after-free   mode: full
#include "fault.h"

struct base { virtual void act() { sink = 1; } virtual ~base() {} };
struct derived : base { void act() override { sink = 2; } };
static base *volatile b;
int main() {
    b = new derived;
    RIGHT(b->act();)
    delete b;
    WRONG(b->act();)  // <- access
}
