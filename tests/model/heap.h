// The heap under test, behind one set of functions: kslab's own API in one program, whatever is the process's
// malloc in the other (heap_api.cpp, heap_malloc.cpp).
#pragma once
#include <cstddef>

namespace heap {

// Null only when memory is short.
void* allocate(size_t size);
void* allocate_zeroed(size_t size);
void* allocate_aligned(size_t align, size_t size);
void* resize(void* object, size_t size);
void release(void* object);
size_t usable(void* object);

// Null, or what is wrong with the heap. No other thread may use it meanwhile.
const char* validate();

// Gives memory back, also while other threads allocate.
void trim();

// Whether everything that was allocated has come back; always true where others allocate, too.
bool nothing_in_use();

}  // namespace heap
