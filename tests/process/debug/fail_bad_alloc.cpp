// operator new throws, and nothrow new returns null.
// env: KSLAB_FAIL=size:5000
#include "check.h"

#include <new>

int main()
{
    CHECK(new (std::nothrow) char[5000] == nullptr);
    try {
        char *volatile p = new char[5000];
        (void)p;
    } catch (const std::bad_alloc &) {
        return 0;
    }
    return 1;
}
