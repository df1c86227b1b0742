// finds: read-after-free   mode: full
// The string was a temporary.
// label: quick
#include "fault.h"
#include <string>

static NOINLINE std::string name() { return std::string(60, 'n'); }  // <- alloc
int main() {
    RIGHT(std::string all = name();)
    volatile const char *p = FAULT(name().c_str(), all.c_str());  // <- free
    sink = p[30];  // <- access
}
