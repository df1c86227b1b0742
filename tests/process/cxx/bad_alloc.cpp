// An operator new that cannot deliver throws std::bad_alloc; the nothrow forms return a null pointer.
// forms: preload linked static static-pie
#include "check.h"
#include <new>

template <class Call> static void throws(const char *name, Call call)
{
    try {
        call();
    } catch (const std::bad_alloc &) {
        return;
    }
    CHECK_SAY(false, "%s threw nothing", name);
}

int main()
{
    using std::align_val_t;
    const size_t sizes[] = {size_t{1} << 48, size_t{PTRDIFF_MAX} + 1, SIZE_MAX};
    for (size_t size : sizes) {
        size_t n = hide_size(size);
        throws("new", [=] { return ::operator new(n); });
        throws("new[]", [=] { return ::operator new[](n); });
        throws("aligned new", [=] { return ::operator new(n, align_val_t{64}); });
        throws("aligned new[]", [=] { return ::operator new[](n, align_val_t{64}); });
        CHECK(::operator new(n, std::nothrow) == nullptr);
        CHECK(::operator new[](n, std::nothrow) == nullptr);
        CHECK(::operator new(n, align_val_t{64}, std::nothrow) == nullptr);
        CHECK(::operator new[](n, align_val_t{64}, std::nothrow) == nullptr);
    }
    delete new int; // and life goes on
}
