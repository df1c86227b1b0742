// finds: wrong-size   mode: 1
// The sized delete that the compiler emits names the base's size.
#include "fault.h"

struct base { volatile int a = 1; ~base() { sink = a; } };
struct derived : base { volatile long b[5] = {}; };
int main() {
    derived *p = new derived;  // <- alloc
    delete FAULT(static_cast<base *>(p), p);  // <- check
}
