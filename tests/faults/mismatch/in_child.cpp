// finds: mismatched-free   mode: 1
#include "fault.h"

static void work() {
    char *p = new char[100];  // <- alloc
    FAULT(free(p), delete[] p);  // <- check
}
int main() { in_child(work); }
