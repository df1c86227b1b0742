// What libc allocates for its callers is freed by them, across all the functions that do so.
// forms: preload static
#include "check.h"
#include <dirent.h>
#include <glob.h>
#include <locale.h>
#include <regex.h>
#include <search.h>
#include <wchar.h>

static int by_address(const void *a, const void *b) { return (a > b) - (a < b); }
static void nothing(void *unused) { (void)unused; }

int main(void)
{
    for (int round = 0; round < 200; round++) {
        free(strdup("text"));
        free(strndup("text", 2));
        free(wcsdup(L"wide"));
        free(realpath("/tmp/..", NULL));
        free(getcwd(NULL, 0));
        free(get_current_dir_name());
        char *text = NULL;
        CHECK(asprintf(&text, "%0*d", round * 10 + 1, round) > 0);
        free(text);
        size_t length;
        FILE *stream = open_memstream(&text, &length);
        for (int i = 0; i < round; i++)
            fprintf(stream, "%d ", i);
        fclose(stream);
        free(text);
        char *line = NULL;
        size_t room = 0;
        stream = fopen("/proc/self/maps", "r");
        if (stream) {
            while (getline(&line, &room, stream) > 0)
                continue;
            fclose(stream);
            free(line);
        }
        struct dirent **entries;
        int count = scandir("/", &entries, NULL, alphasort);
        for (int i = 0; i < count; i++)
            free(entries[i]);
        free(entries);
        glob_t found;
        if (glob("/*", 0, NULL, &found) == 0)
            globfree(&found);
        regex_t expression;
        CHECK(regcomp(&expression, "a(b|c)*d{2,5}", REG_EXTENDED) == 0);
        regfree(&expression);
        setlocale(LC_ALL, round % 2 ? "C" : "C.UTF-8");
        void *tree = NULL;
        for (uintptr_t i = 1; i < 50; i++)
            CHECK(tsearch((void *)(i * 7 % 50 + 1), &tree, by_address));
        tdestroy(tree, nothing);
    }
    validate_heap();
    return 0;
}
