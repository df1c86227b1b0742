// kslab_version() says the version of the headers, which compile in C.
// forms: linked static
#include "check.h"
#include <stdio.h>
#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>
#include <kslab/kslab.h>

int main(void)
{
    const char *version = kslab_version();
    char headers[40];
    snprintf(headers, sizeof headers, "%d.%d.%d", KSLAB_VERSION_MAJOR, KSLAB_VERSION_MINOR, KSLAB_VERSION_PATCH);
    CHECK(version && !strcmp(version, headers));
    CHECK(kslab_version() == version);
    return 0;
}
