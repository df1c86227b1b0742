// kslab_version() says something that looks like a version, and the public headers compile in C.
// forms: linked static
#include "check.h"
#include <ctype.h>
#include <kslab/kmalloc.h>
#include <kslab/kmem_cache.h>
#include <kslab/kslab.h>

int main(void)
{
    const char *version = kslab_version();
    CHECK(version && isdigit((unsigned char)version[0]) && strchr(version, '.'));
    CHECK(kslab_version() == version);
    return 0;
}
