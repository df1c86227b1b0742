// finds: write-after-free   mode: 1
// finds: write-after-free-fault   mode: full
#include "fault.h"
#include <string>

int main() {
    std::string s(50, 's');  // <- alloc
    volatile char *p = &s[20];
    s.append(100, 't');  // <- free
    RIGHT(p = &s[20];)
    *p = 'x';  // <- access
}
