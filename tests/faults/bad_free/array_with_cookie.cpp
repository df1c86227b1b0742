// finds: interior-free   mode: 1   count: some
// delete of an array of objects with destructors: the count in front of them is skipped.
#include "fault.h"

struct item {
    volatile int value = 1;
    ~item() { sink = value; }
};
int main() {
    item *p = new item[5];  // <- alloc
    WRONG(delete p;)  // <- check
    delete[] p;
}
