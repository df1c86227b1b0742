// Allocations in the earliest constructor, also where everything is bound at once and while the
// loader is talkative; what they give lives on and is freed by main.
// forms: preload linked static static-pie
// variant: LD_BIND_NOW=1
// variant: LD_DEBUG=all
#include "check.h"

static void *early[200];

__attribute__((constructor(101))) static void first(void)
{
    for (size_t i = 0; i < 200; i++) {
        early[i] = i % 2 ? malloc(i * i + 1) : calloc(1, i * i + 1);
        CHECK(early[i]);
        memset(early[i], (int)i, i * i + 1);
    }
    for (size_t i = 0; i < 200; i += 3) {
        free(early[i]);
        early[i] = NULL;
    }
}

int main(void)
{
    if (kslab_is_active)
        CHECK(kslab_is_active() == 1);
    for (size_t i = 0; i < 200; i++)
        if (early[i]) {
            CHECK(all_bytes_are(early[i], (int)i, i * i + 1));
            free(early[i]);
        }
    validate_heap();
    return 0;
}
