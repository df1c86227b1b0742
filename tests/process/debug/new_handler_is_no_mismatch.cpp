// operator new that finds memory only behind a new_handler got it from the C++ library's operator, by malloc: deleting it
// is right.
// env: KSLAB_DEBUG=1 KSLAB_QUARANTINE=1M KSLAB_LIMIT=40M
// reject-stderr: ^BUG
// expect-stdout: ^handled 1
#include <new>

#include "check.h"

static void *reserve;
static int handled;

static void give_up_reserve()
{
    handled++;
    free(reserve);
    reserve = nullptr;
    std::set_new_handler(nullptr);
}

struct big {
    char bytes[20 << 20];
};

int main()
{
    reserve = malloc(25 << 20);
    std::set_new_handler(give_up_reserve);
    big *volatile object = new big;
    delete object;
    printf("handled %d\n", handled);
}
