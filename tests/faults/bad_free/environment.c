// finds: stack-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = getenv("PATH");
    RIGHT(p = strdup(p);)
    free(p);  // <- check
}
