// finds: mismatched-free   mode: 1
// text: malloc.*operator delete
#include "fault.h"
#include <memory>

struct by_free { void operator()(void *p) { free(p); } };
int main() {
    std::unique_ptr<long, FAULT(std::default_delete<long>, by_free)> p((long *)malloc(8));  // <- alloc
}
