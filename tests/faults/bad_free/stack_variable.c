// finds: stack-free   mode: 1
#include "fault.h"

int main(void) {
    volatile int value = 5;
    int *volatile p = (int *)&value;
    free(FAULT(p, NULL));  // <- check
}
