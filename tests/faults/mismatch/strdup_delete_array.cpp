// finds: mismatched-free   mode: 1
// text: malloc.*operator delete\[\]
#include "fault.h"

int main() {
    char *p = strdup("a copy by libc");  // <- alloc
    FAULT(delete[] p, free(p));  // <- check
}
