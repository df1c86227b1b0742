// finds: in(terior|valid)-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = malloc(48);
    WRONG(free(p - 8);)  // <- check
    free(p);
}
