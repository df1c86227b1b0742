// finds: mismatched-free   mode: 1
// The array's first byte is right; the call is not.
#include "fault.h"

struct item {
    volatile int value = 1;
    ~item() { sink = value; }
};
int main() {
    item *p = new item[5];  // <- alloc
    WRONG(free(reinterpret_cast<char *>(p) - sizeof(size_t));)  // <- check
    RIGHT(delete[] p;)
}
