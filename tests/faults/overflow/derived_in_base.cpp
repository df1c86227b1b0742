// finds: heap-overflow   mode: 1
// text: 8 bytes written just past the end of an 8-byte object
// finds: write-overflow   mode: exact
// A base object, used as if it were a derived one.
#include "fault.h"

struct base { long a; };
struct derived : base { long b; };
int main() {
    base *p = new FAULT(base, derived);  // <- alloc
    static_cast<volatile derived *>(p)->b = 1;  // <- access
    ::operator delete(p);  // <- check
}
