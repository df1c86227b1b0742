// An array of a class with a destructor begins with its length: the program's pointer leads behind that, and is a
// pointer to the block.
// env: KSLAB_DEBUG=1 KSLAB_LEAKS=possible
// variant: KSLAB_DEBUG=full
// expect-stderr: memory leak: 48 bytes in 1 object
// expect-stderr: SUMMARY .* and 1 leak$
#include "leak.h"

struct element {
    ~element() { __asm__ volatile(""); }
    char content[10];
};
struct alignas(64) wide {
    ~wide() { __asm__ volatile(""); }
    char content[64];
};

element *volatile some;
element *volatile none;
wide *volatile wide_ones;

static NOINLINE void lose()
{
    some = new element[4];
    some = nullptr;
}

int main()
{
    some = new element[7];
    none = new element[0];
    wide_ones = new wide[3];
    CHECK(leaks_now() == 0);
    delete[] some;
    lose();
    CHECK(leaks_now() == 1);
    return 0;
}
