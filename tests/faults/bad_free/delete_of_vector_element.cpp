// finds: interior-free   mode: 1
#include "fault.h"
#include <vector>

int main() {
    std::vector<long> v(20);  // <- alloc
    volatile long *p = &v[10];
    WRONG(delete p;)  // <- check
}
