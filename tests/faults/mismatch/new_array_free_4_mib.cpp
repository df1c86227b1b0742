// finds: mismatched-free   mode: 1
// text: operator new\[\].*free
#include "fault.h"

int main() {
    char *p = new char[4 << 20];  // <- alloc
    FAULT(free(p), delete[] p);  // <- check
}
