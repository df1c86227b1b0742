// finds: static-free   mode: 1
#include "fault.h"
#include <memory>

static long value;
int main() {
    std::shared_ptr<long> p(&value, FAULT([](long *q) { delete q; }, [](long *) {}));  // <- check
}
