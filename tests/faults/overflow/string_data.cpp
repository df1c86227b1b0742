// finds: heap-overflow   mode: 1
// text: 1 byte written just past the end of a 101-byte object
#include "fault.h"
#include <string>

int main() {
    std::string s(100, 'a');  // <- alloc
    volatile char *p = &s[0];
    p[FAULT(101, 99)] = 1;
}
