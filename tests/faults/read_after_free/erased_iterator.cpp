// finds: read-after-free   mode: full
#include "fault.h"
#include <map>

int main() {
    std::map<int, int> m = {{1, 2}, {3, 4}};
    auto it = m.find(1);
    m.erase(FAULT(1, 3));
    sink = *const_cast<volatile int *>(&it->second);  // <- access
}
