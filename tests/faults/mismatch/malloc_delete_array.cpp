// finds: mismatched-free   mode: 1
// text: malloc.*operator delete\[\]
#include "fault.h"

int main() {
    char *p = (char *)malloc(40);  // <- alloc
    FAULT(delete[] p, free(p));  // <- check
}
