// finds: mismatched-free   mode: 1
// text: operator new.*free
#include "fault.h"
#include <new>

int main() {
    char *p = new (std::nothrow) char[24];  // <- alloc
    FAULT(free(p), delete[] p);  // <- check
}
