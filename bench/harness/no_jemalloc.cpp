// An empty library under the name of libjemalloc.so.2.
//
// Debian's redis-server is linked with jemalloc, so that without further care its row under "glibc" would
// be a second measurement of jemalloc, and every other allocator would carry an unused jemalloc in its
// memory. Found first through LD_LIBRARY_PATH, this library satisfies the dependency and defines what the
// program uses of jemalloc's own interface, but neither malloc nor free. When jemalloc itself is the
// allocator under test, it is preloaded under the same name and this library is not loaded at all.
#include <cerrno>
#include <cstddef>

extern "C" {

int mallctl(const char *, void *, size_t *, void *, size_t) { return ENOENT; }

// 0 for "unknown": the program then reallocates, as it does when built without jemalloc.
size_t nallocx(size_t, int) { return 0; }

void malloc_stats_print(void (*)(void *, const char *), void *, const char *) {}

}
