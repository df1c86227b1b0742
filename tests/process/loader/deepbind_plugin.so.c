// The plugin: allocates by itself and through functions of libc.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *plugin_malloc(size_t size) { return malloc(size); }
void plugin_free(void *p) { free(p); }

char *plugin_text(void)
{
    char *text = NULL;
    return asprintf(&text, "%d", 42) < 0 ? NULL : text;
}
