// finds: leak(-indirect)?   mode: 1   count: some
#include "fault.h"
#include <memory>

struct node {
    std::shared_ptr<node> strong;
    std::weak_ptr<node> weak;
};
static NOINLINE void lose() {
    auto a = std::make_shared<node>(), b = std::make_shared<node>();
    a->strong = b;
    FAULT(b->strong, b->weak) = a;
}
int main() {
    lose();
    forget();
}
