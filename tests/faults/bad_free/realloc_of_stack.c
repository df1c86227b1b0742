// finds: stack-free   mode: 1
#include "fault.h"

int main(void) {
    char buffer[64], *volatile p = buffer;
    p = realloc(FAULT(p, NULL), 128);  // <- check
    RIGHT(free(p);)
}
