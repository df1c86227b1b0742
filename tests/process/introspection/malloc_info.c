// malloc_info writes well-formed XML with libc's root element and a figure of the system memory
// that covers what is allocated. Other options than 0 are refused.
// forms: preload static
#include "check.h"
#include <ctype.h>

// Checks that tags nest; returns the number of elements. Attribute values must be quoted.
static int well_formed(const char *text)
{
    static char open[64][64];
    int depth = 0, elements = 0;
    for (const char *at = text; *at;) {
        if (*at != '<') {
            CHECK_SAY(*at != '>' && *at != '&', "stray %c", *at);
            at++;
            continue;
        }
        at++;
        int closing = *at == '/';
        at += closing;
        char name[64] = "";
        int length = 0;
        while (length < 63 && (isalnum((unsigned char)*at) || *at == '_' || *at == '-'))
            name[length++] = *at++;
        CHECK(length > 0);
        while (isspace((unsigned char)*at)) {
            while (isspace((unsigned char)*at))
                at++;
            if (!isalpha((unsigned char)*at))
                break;
            CHECK((at = strchr(at, '=')) && at[1] == '"');
            CHECK((at = strchr(at + 2, '"')));
            at++;
        }
        int empty = *at == '/';
        at += empty;
        CHECK_SAY(*at == '>', "tag %s does not end", name);
        at++;
        if (closing) {
            CHECK_SAY(depth > 0 && !strcmp(open[depth - 1], name), "</%s> closes nothing", name);
            depth--;
        } else {
            elements++;
            CHECK(depth < 64);
            if (!empty)
                strcpy(open[depth++], name);
        }
    }
    CHECK_SAY(depth == 0, "<%s> stays open", open[0]);
    return elements;
}

int main(void)
{
    enum { N = 3000 };
    static void *block[N];
    for (int i = 0; i < N; i++)
        memset(block[i] = malloc(4000), 1, 4000);
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    CHECK(malloc_info(0, stream) == 0);
    fclose(stream);
    CHECK_SAY(strncmp(text, "<malloc version=\"1\">", 20) == 0, "it starts: %.40s", text);
    CHECK(well_formed(text) > 3);
    // The last figure of that kind is the sum, as in libc's text.
    size_t bytes = 0;
    const char *label = "<system type=\"current\" size=\"";
    for (char *at = text; (at = strstr(at, label)); at++)
        bytes = strtoul(at + strlen(label), NULL, 10);
    CHECK_SAY(bytes >= N * 4000ul && bytes < N * 8000ul + (64 << 20), "system bytes: %zu", bytes);
    CHECK(malloc_info(1, stdout) == EINVAL);
    free(text);
    for (int i = 0; i < N; i++)
        free(block[i]);
    return 0;
}
