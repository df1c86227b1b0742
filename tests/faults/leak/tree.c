// finds: leak   mode: 1
#include "fault.h"

struct node { struct node *left, *right; };
static NOINLINE struct node *grow(int depth) {
    struct node *n = calloc(1, sizeof *n);  // <- alloc
    if (depth > 0) {
        n->left = grow(depth - 1);
        n->right = grow(depth - 1);
    }
    return n;
}
static NOINLINE void fell(struct node *n) {
    if (n == NULL) return;
    fell(n->left);
    fell(n->right);
    free(n);
}
static NOINLINE void lose(void) {
    struct node *root = grow(1);
    RIGHT(fell(root);)
    sink = root == NULL;
}
int main(void) {
    lose();
    forget();
}
