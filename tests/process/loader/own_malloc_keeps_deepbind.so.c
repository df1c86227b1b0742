// The plugin: allocates.
#include <stdlib.h>

void *plugin_malloc(size_t size) { return malloc(size); }
