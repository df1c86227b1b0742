// finds: bad-size   mode: 1
#include "fault.h"
#include <new>

static volatile long count = FAULT(-5, 5);
int main() {
    try {
        void *p = operator new(size_t(count));  // <- check
        operator delete(p);
    } catch (const std::bad_alloc &) {
    }
}
