// finds: stack-free   mode: 1
#include "fault.h"

int main() {
    volatile long value = 3;
    volatile long *p = &value;
    delete FAULT(p, new long);  // <- check
}
