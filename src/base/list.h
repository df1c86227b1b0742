// Intrusive doubly linked list with the kernel's verbs. A head is a list only after init(), which static
// heads get at boot.
#pragma once
#include "base/attributes.h"

namespace kslab {

struct list_head {
    list_head* next;
    list_head* prev;

    void init() { next = prev = this; }
    bool empty() const { return next == this; }

    void add(list_head* entry) { insert(entry, this, next); }
    void add_tail(list_head* entry) { insert(entry, prev, this); }

    static void del(list_head* entry) {
        entry->next->prev = entry->prev;
        entry->prev->next = entry->next;
        entry->next = entry->prev = nullptr;
    }

private:
    static void insert(list_head* entry, list_head* before, list_head* after) {
        entry->prev = before;
        entry->next = after;
        before->next = entry;
        after->prev = entry;
    }
};

// The structure that holds `member`. The members concerned live in standard-layout structures.
#define KSLAB_CONTAINER_OF(pointer, type, member) \
    (reinterpret_cast<type*>(reinterpret_cast<char*>(pointer) - __builtin_offsetof(type, member)))

}  // namespace kslab
