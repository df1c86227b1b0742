// finds: (static|mapped)-free   mode: 1
#include "fault.h"

static void *volatile p = (void *)qsort;
int main(void) {
    free(FAULT(p, NULL));  // <- check
}
