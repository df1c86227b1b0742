// finds: static-free   mode: 1
// What may be a literal is freed as if it were always allocated.
#include "fault.h"

static NOINLINE char *option(const char *name) {
    char *value = getenv(name);
    return value != NULL ? strdup(value) : FAULT("default", strdup("default"));
}
int main(void) {
    char *value = option("NO_SUCH_VARIABLE");
    free(value);  // <- check
}
