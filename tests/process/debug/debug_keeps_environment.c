// What libc learns at its start, it knows with stacks switched on too: loading another library too early would make it
// forget the environment and the program's name.
//
// env: KSLAB_DEBUG=1 ORDINARY=value
// variant: KSLAB_DEBUG=full
// reject-stderr: ^BUG
// expect-stderr: keeps_environment.*: said by error
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

int main(int argc, char **argv)
{
    free(hide(malloc(10)));
    CHECK(argc == 1 && getenv("ORDINARY") != NULL && strcmp(getenv("ORDINARY"), "value") == 0);
    CHECK(strstr(argv[0], program_invocation_short_name) != NULL && program_invocation_short_name[0] != '\0');
    CHECK(system("test \"$ORDINARY\" = value") == 0);
    warnx("said by error");
    return 0;
}
