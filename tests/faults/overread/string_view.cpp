// finds: read-overflow   mode: exact
// text: past the end of a 10-byte object
// A string_view has no terminating NUL.
#include "fault.h"
#include <string_view>

int main() {
    char *p = new char[10];  // <- alloc
    memset(p, 'v', 10);
    std::string_view view(p, 10);
    sink = FAULT(strlen(view.data()), view.length());  // <- access
    delete[] p;
}
