// Sampling whose budget of guarded memory is used up guards nothing more, and refuses nobody.
// env: KSLAB_SAMPLE_GUARD=1 KSLAB_GUARD_MEMORY=64K
#include "check.h"

int main(void)
{
    for (int i = 0; i < 20000; i++)
        CHECK(hide(malloc(i % 3 == 0 ? 10000 : 100)) != NULL);
}
