// finds: stack-free   mode: 1
#include "fault.h"
#include <memory>

struct widget { long state = 1; };
int main() {
    widget w;
    std::unique_ptr<widget> p(&w);
    RIGHT(p.release();)
}
