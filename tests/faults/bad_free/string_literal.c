// finds: static-free   mode: 1
#include "fault.h"

int main(void) {
    char *p = FAULT("literal", strdup("literal"));
    free(p);  // <- check
}
