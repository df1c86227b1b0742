/* A small order book with a heap bug. See the chapter "Finding heap bugs" of the README. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct order {
    char *customer;
    int amount;
};

static struct order *new_order(const char *customer, int amount)
{
    struct order *order = malloc(sizeof *order);

    order->customer = malloc(strlen(customer));
    strcpy(order->customer, customer);
    order->amount = amount;
    return order;
}

static void release_order(struct order *order)
{
    free(order->customer);
    free(order);
}

int main(void)
{
    struct order *order = new_order("A customer of forty characters, no less.", 3);

    printf("%d for %s\n", order->amount, order->customer);
    release_order(order);
    return 0;
}
