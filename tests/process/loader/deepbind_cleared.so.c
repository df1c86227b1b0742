// The plugin: what it allocates and frees by itself.
#include <stdlib.h>

void *plugin_malloc(size_t size) { return malloc(size); }
void plugin_free(void *p) { free(p); }
