// An IFUNC resolver that allocates runs while the loader still relocates the program: no
// constructor, no environ, perhaps no binding of anything else has happened.
// variant: LD_BIND_NOW=1
#include "check.h"

static void *from_resolver;

static int answer(void) { return 42; }

__attribute__((used)) static int (*resolve(void))(void)
{
    from_resolver = malloc(500);
    free(malloc(100));
    return answer;
}

int chosen(void) __attribute__((ifunc("resolve")));

int main(void)
{
    CHECK(chosen() == 42);
    CHECK(from_resolver);
    memset(from_resolver, 1, 500);
    free(from_resolver);
    validate_heap();
    return 0;
}
