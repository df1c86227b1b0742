// finds: double-free   mode: 1
// No copy constructor: both destructors delete the same array.
#include "fault.h"

struct text {
    char *data;
    text() : data(new char[33]) {}  // <- alloc
    RIGHT(text(const text &) : text() {})
    ~text() { delete[] data; }  // <- free, check
};
int main() {
    text a;
    text b = a;
}
