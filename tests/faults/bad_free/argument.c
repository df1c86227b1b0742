// finds: stack-free   mode: 1
#include "fault.h"

int main(int argc, char **argv) {
    free(FAULT(argv[0], NULL));  // <- check
    return argc - 1;
}
