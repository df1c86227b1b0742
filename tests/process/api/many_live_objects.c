// A mixed load of two million steps with every byte accounted for: each live block holds a pattern
// of its own that is checked when it dies.
// forms: preload static
// variant: KSLAB_CLASSES=kmalloc
// variant: KSLAB_CLASSES=fine
// variant: KSLAB_GEOMETRY=kernel
// timeout: 60
#include "check.h"

enum { SLOTS = 20000, STEPS = 2000000 };
static unsigned char *slot[SLOTS];
static uint32_t length[SLOTS];

int main(void)
{
    uint64_t state = 362436069;
    for (int step = 0; step < STEPS; step++) {
        unsigned at = (unsigned)(next_random(&state) % SLOTS);
        if (slot[at]) {
            uint32_t n = length[at];
            CHECK(slot[at][0] == (unsigned char)at && slot[at][n - 1] == (unsigned char)(at * 3));
            CHECK(slot[at][n / 2] == (unsigned char)(at * 7)); // n is at least 3: three places
            free(slot[at]);
            slot[at] = NULL;
            continue;
        }
        uint32_t n = (uint32_t)(next_random(&state) % (step % 50 ? 700 : 30000)) + 3;
        CHECK((slot[at] = malloc(n)));
        slot[at][n / 2] = (unsigned char)(at * 7);
        slot[at][0] = (unsigned char)at;
        slot[at][n - 1] = (unsigned char)(at * 3);
        length[at] = n;
    }
    validate_heap();
    return 0;
}
