// finds: mismatched-free   mode: 1
// text: operator new\[\].*operator delete
// label: quick
#include "fault.h"

int main() {
    char *p = new char[40];  // <- alloc
    FAULT(delete p, delete[] p);  // <- check
}
