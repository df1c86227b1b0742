// finds: double-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = strdup("twenty-four characters..");  // <- alloc
    free(p);  // <- free
    WRONG(free(p);)  // <- check
}
