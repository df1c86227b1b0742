// finds: mismatched-free   mode: 1
// text: calloc.*operator delete
#include "fault.h"

int main() {
    long *p = (long *)calloc(1, sizeof *p);  // <- alloc
    FAULT(delete p, free(p));  // <- check
}
