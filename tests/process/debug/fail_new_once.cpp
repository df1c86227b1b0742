// One injected failure makes each form of operator new fail once, although the C++ library tries again on its own; and
// what is freed later was allocated by the form that the program called.
// env: KSLAB_DEBUG=1 KSLAB_FAIL=size:4000,every:1,times:6
// reject-stderr: ^BUG
// expect-stdout: ^six failed
#include <new>

#include "check.h"

struct alignas(64) line {
    char bytes[64];
};
static_assert(sizeof(line) == 64);

template <typename F>
static void must_throw(F allocate)
{
    try {
        allocate();
    } catch (const std::bad_alloc &) {
        return;
    }
    CHECK(!"thrown");
}

int main()
{
    must_throw([] { ::operator delete(::operator new(4000)); });
    must_throw([] { ::operator delete[](::operator new[](4000)); });
    CHECK(::operator new(4000, std::nothrow) == nullptr);
    CHECK(::operator new[](4000, std::nothrow) == nullptr);
    must_throw([] { ::operator delete(::operator new(4000, std::align_val_t(64)), std::align_val_t(64)); });
    must_throw([] { ::operator delete[](::operator new[](4000, std::align_val_t(64)), std::align_val_t(64)); });
    printf("six failed\n");
    fflush(stdout);
    ::operator delete(::operator new(4000));
    ::operator delete[](::operator new[](4000));
    ::operator delete(::operator new(4000, std::nothrow));
    ::operator delete[](::operator new[](4000, std::nothrow));
    ::operator delete(::operator new(4000, std::align_val_t(64)), std::align_val_t(64));
    ::operator delete[](::operator new[](4000, std::align_val_t(64)), std::align_val_t(64));
}
