// finds: bad-size   mode: 1
#include "fault.h"

static const char *volatile text = "key=value";
int main(void) {
    const char *end = strchr(text, '='), *start = text + FAULT(5, 0);
    char *p = malloc(end - start);  // <- check
    free(p);
}
