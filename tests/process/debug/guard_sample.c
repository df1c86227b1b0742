// KSLAB_SAMPLE_GUARD without any other debugging: of many overflows one meets a guard page, with its stacks.
//
// expect: signal SEGV
// env: KSLAB_SAMPLE_GUARD=20
// expect-stderr: ^BUG .*Out-of-bounds read
// expect-stderr: ^allocated by thread .* with malloc\(64\)
#include "check.h"

int main(void)
{
    int sum = 0;
    for (int i = 0; i < 1000000; i++) {
        volatile char *object = hide(malloc(64));
        CHECK(object != NULL);
        object[0] = 1;
        sum += object[64];
        if (i % 3 != 0)
            free((void *)object);
    }
    say("nothing was found (%d)", sum);
    return 0;
}
