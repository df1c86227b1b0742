// operator delete reports what it cannot free just like free() does, in all its forms.
// forms: preload static
// args: 0
// args: 1
// args: 2
// args: 3
// args: 4
// expect: signal ABRT
// expect-stderr: ^kslab: .*0x[0-9a-f]+
#include "check.h"
#include <new>

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    alignas(64) char local[64];
    void *p = hide(local);
    delete new int;
    switch (atoi(argv[1])) {
    case 0: ::operator delete(p); break;
    case 1: ::operator delete[](p); break;
    case 2: ::operator delete(p, size_t{64}); break;
    case 3: ::operator delete(p, std::nothrow); break;
    case 4: ::operator delete(p, size_t{64}, std::align_val_t{64}); break;
    }
}
