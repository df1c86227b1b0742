// No false alarm: an object may be freed, handed out again and freed again, in every pattern.
// forms: preload static
#include "check.h"

int main(void)
{
    uint64_t state = 777;
    void *slot[40] = {0};
    for (int step = 0; step < 3000000; step++) {
        unsigned at = (unsigned)(next_random(&state) % 40);
        free(slot[at]);
        // Half of the slots become empty, so that arrays fill and drain.
        slot[at] = next_random(&state) % 2 ? malloc(next_random(&state) % 3 * 50) : NULL;
    }
    for (int i = 0; i < 40; i++)
        free(slot[i]);
    validate_heap();
    return 0;
}
