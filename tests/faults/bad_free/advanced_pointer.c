// finds: interior-free   mode: 1
// The pointer that the parser moved on is freed instead of the one it began with.
#include "fault.h"

int main(void) {
    char *text = strdup("    value");  // <- alloc
    char *p = text;
    while (*p == ' ') p++;
    free(FAULT(p, text));  // <- check
    kept = FAULT(text, NULL);
}
