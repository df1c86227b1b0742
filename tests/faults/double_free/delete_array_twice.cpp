// finds: double-free   mode: 1
#include "fault.h"

int main() {
    char *p = new char[77];  // <- alloc
    delete[] p;  // <- free
    WRONG(delete[] p;)  // <- check
}
