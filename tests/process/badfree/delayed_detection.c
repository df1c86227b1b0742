// A delayed double free is also found in the middle of a program's life, once enough frees follow
// to push the pointer out of the thread's array.
// forms: preload static
// expect: signal ABRT
// expect-stderr: ^kslab: .*double free.*0x[0-9a-f]+|^kslab: .*0x[0-9a-f]+.*double free
#include "check.h"

int main(void)
{
    enum { N = 20000 };
    static void *object[N];
    for (int i = 0; i < N; i++)
        CHECK((object[i] = malloc(64)));
    free(object[0]);
    free(object[1]);
    free(hide(object[0]));
    for (int i = 2; i < N; i++)
        free(object[i]);
    _exit(0); // it must not get here
}
