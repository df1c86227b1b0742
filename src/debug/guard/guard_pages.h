// How pages of guarded runs become inaccessible: by guards inside the mapping where the kernel has them, else by
// mprotect, which splits mappings and is therefore bounded. Which of the two was used is noted for each run, because
// one process may need both: locked memory refuses guards.
//
// A run belongs to its caller, who alone changes it. With mprotect neighbours are looked at: guard_lock, taken here.
#pragma once
#include "pages/run.h"

namespace kslab {

// Of a guarded run in use, in run::stamp, which means nothing else then.
enum guarded_mark : uint32_t {
    kGuardedByProtection = 1,  // the guard page
    kHidden = 2,               // the object's pages are inaccessible as well
    kHiddenByProtection = 4,
    kContentKept = 8,          // hidden, but the system did not take the memory
};

void guard_pages_boot();
bool guard_pages_cheap();

// The object's pages, and the guard page.
struct page_span {
    char* start;
    size_t bytes;
};
page_span object_pages(const run* r);
page_span guard_page(const run* r);

bool is_hidden(const run* r);
// False when the object's pages read as zero once they are shown.
bool holds_memory(const run* r);

// r->guard says where. False: nothing happened.
bool install_guard(run* r);
// The object's pages become inaccessible and lose their content.
bool hide_pages(run* r);
// They read as zero unless they held memory. False: they stay as they are.
bool show_pages(run* r);
// Everything accessible again; the guard page reads as zero if the object's pages do. False: the run cannot be given
// to anybody.
bool remove_guard(run* r);

// Mappings that guards have added.
size_t guard_mappings();

}  // namespace kslab
