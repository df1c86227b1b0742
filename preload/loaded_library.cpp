#include "loaded_library.h"

#include <dlfcn.h>
#include <errno.h>


namespace kslab {

void* loaded_definition(const char* file, const char* name) {
    int saved = errno;
    void* library = dlopen(file, RTLD_LAZY | RTLD_NOLOAD);
    void* found = library == nullptr ? nullptr : dlsym(library, name);
    errno = saved;
    return found;
}

}  // namespace kslab
