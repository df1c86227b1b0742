// finds: stack-free   mode: 1
// Long names are allocated, short ones lie in the structure; the cleanup frees both.
#include "fault.h"

struct name { char *text; char inside[16]; };
int main(void) {
    struct name n;
    n.text = n.inside;
    strcpy(n.text, "short");
    WRONG(free(n.text);)  // <- check
    RIGHT(if (n.text != n.inside) free(n.text);)
}
