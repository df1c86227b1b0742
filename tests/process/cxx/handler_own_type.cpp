// What the new-handler throws reaches the caller: its own type too. The nothrow forms swallow a
// std::bad_alloc of the handler's.
// forms: preload linked static static-pie
#include "check.h"
#include <new>

struct out_of_luck { int code; };
static void throws_own() { throw out_of_luck{42}; }
static void throws_bad_alloc() { throw std::bad_alloc(); }

int main()
{
    const size_t n = hide_size(size_t{1} << 48);
    std::set_new_handler(throws_own);
    for (int kind = 0; kind < 4; kind++)
        try {
            void *p = nullptr;
            switch (kind) {
            case 0: p = ::operator new(n); break;
            case 1: p = ::operator new[](n); break;
            case 2: p = ::operator new(n, std::align_val_t{128}); break;
            case 3: p = ::operator new[](n, std::align_val_t{128}); break;
            }
            CHECK_SAY(false, "kind %d returned %p", kind, p);
        } catch (const out_of_luck &luck) {
            CHECK(luck.code == 42);
        }
    std::set_new_handler(throws_bad_alloc);
    CHECK(::operator new(n, std::nothrow) == nullptr);
    CHECK(::operator new[](n, std::nothrow) == nullptr);
    CHECK(::operator new(n, std::align_val_t{128}, std::nothrow) == nullptr);
    CHECK(::operator new[](n, std::align_val_t{128}, std::nothrow) == nullptr);
}
