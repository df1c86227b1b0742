// What glibc lets a program ask of its malloc, with kslab's figures.
#pragma once
#include <malloc.h>
#include <stdio.h>

namespace kslab {

// arena: address space for small objects and free pages; hblks, hblkhd: large allocations in use; uordblks,
// fordblks: bytes of small memory with the program, and free; smblks, fsmblks: objects and bytes that wait in
// arrays (part of fordblks); ordblks: objects free in slabs; keepcost: free pages that are resident.
struct mallinfo2 mallinfo2_read();
struct mallinfo mallinfo_read();

// glibc's XML schema, version 1; one heap, a <size> for each size class that has free objects.
int malloc_info_write(int options, FILE* to);
void malloc_stats_write();

int malloc_trim_all(size_t pad);
// Parameters are accepted and have no effect: kslab has no thresholds to set. 1, as glibc answers.
int mallopt_set(int parameter, int value);

}  // namespace kslab
