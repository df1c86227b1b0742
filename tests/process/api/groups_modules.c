// KSLAB_GROUPS=modules: two libraries and the program, and each is counted to the byte, whoever frees.
// forms: preload linked
// link: -ldl
// env: KSLAB_GROUPS=modules
// expect-stderr: ^# group \(.*<bytes> +<objects> +<peak> +<failures> +<limit>$
// expect-stderr: ^first\.so +0 +0 +[1-9]
// expect-stderr: ^second\.so +0 +0 +[1-9]
#include "check.h"
#include <dlfcn.h>
#include <pthread.h>

#include <kslab/group.h>

__typeof__(kslab_group_find) kslab_group_find PROCESS_WEAK;
__typeof__(kslab_group_stat) kslab_group_stat PROCESS_WEAK;

static struct kslab_group_stats stats_of(const char *name)
{
    struct kslab_group_stats stats = {0};
    int group = kslab_group_find(name);
    if (group != 0)
        CHECK(kslab_group_stat(group, &stats) == 0);
    return stats;
}

struct module {
    size_t (*allocate)(size_t scale);
    void (*release)(void);
};

// A copy of the library is another library.
static struct module load(const char *directory, const char *name)
{
    static char bytes[1 << 20];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int from = open(getenv("TEST_SO"), O_RDONLY);
    int to = open(path, O_CREAT | O_WRONLY, 0700);
    ssize_t length = read(from, bytes, sizeof bytes);
    CHECK(length > 0 && write(to, bytes, (size_t)length) == length);
    close(from);
    close(to);
    void *library = dlopen(path, RTLD_NOW);
    CHECK(library);
    unlink(path);
    struct module m = {(size_t(*)(size_t))dlsym(library, "module_allocate"), (void (*)(void))dlsym(library, "module_free")};
    CHECK(m.allocate && m.release);
    return m;
}

static void *release_in_thread(void *m)
{
    ((struct module *)m)->release();
    return NULL;
}

int main(void)
{
    char directory[] = "/tmp/groups_modules.XXXXXX";
    CHECK(mkdtemp(directory));
    struct module first = load(directory, "first.so"), second = load(directory, "second.so");
    rmdir(directory);

    size_t of_first = first.allocate(10);
    size_t of_second = second.allocate(77);
    CHECK(of_first && of_second && of_first != of_second);
    CHECK(stats_of("first.so").bytes == of_first);
    CHECK(stats_of("first.so").objects == 400);
    CHECK(stats_of("second.so").bytes == of_second);
    CHECK(stats_of("second.so").objects == 400);

    // Another thread, and other code, may free.
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, release_in_thread, &first) == 0);
    pthread_join(thread, NULL);
    CHECK(stats_of("first.so").bytes == 0 && stats_of("first.so").objects == 0);
    CHECK(stats_of("second.so").bytes == of_second);
    second.release();
    CHECK(stats_of("second.so").bytes == 0 && stats_of("second.so").objects == 0);
    validate_heap();
    return 0;
}
