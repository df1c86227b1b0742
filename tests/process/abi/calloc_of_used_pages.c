// calloc clears what was used before: objects at hand, and pages that went back; errno is not touched.
// forms: preload static
#include "check.h"

static void expect_cleared(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        CHECK_SAY(bytes[i] == 0, "byte %zu of %zu is %d", i, size, bytes[i]);
}

int main(void)
{
    errno = 77;
    for (size_t size = 8000; size < 300000; size += size / 9) {
        void *used[12];
        for (int i = 0; i < 12; i++) {
            CHECK((used[i] = malloc(size)));
            memset(used[i], 0xa5, size);
        }
        for (int i = 0; i < 12; i++)
            free(used[i]);
        for (int i = 0; i < 12; i++) {
            CHECK((used[i] = calloc(i % 2 ? 1 : size, i % 2 ? size : 1)));
            expect_cleared(used[i], size);
            memset(used[i], 0x5a, size);
        }
        for (int i = 0; i < 12; i++)
            free(used[i]);
    }
    CHECK(errno == 77);
    validate_heap();
    return 0;
}
