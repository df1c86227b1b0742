// finds: static-free   mode: 1
#include "fault.h"

int table[100] = {1, 2, 3};
int main(void) {
    free(FAULT(table, NULL));  // <- check
}
