// One byte behind an object of 40: found at the free, told in the layout of SLUB's reports, repaired, and the program
// goes on. One line begins with `BUG `.
// forms: preload static
// env: KSLAB_DEBUG=FZPU
// expect-stderr: ^BUG kmalloc-[0-9]+ \(process-report_overflow-[a-z]+, pid [0-9]+\): Right Redzone overwritten$
// expect-stderr: ^heap overflow: 1 byte written just past the end of a 40-byte object$
// expect-stderr: ^  at 0x[0-9a-f]+, found by free\(\) in thread [0-9]+
// expect-stderr: ^allocated by thread [0-9]+, [0-9.]+ (ms|s) ago, with malloc\(40\)
// expect-stderr: ^0x[0-9a-f]+: first byte 0x00 instead of 0xcc$
// expect-stderr: ^Slab 0x[0-9a-f]+ objects=[0-9]+ used=[0-9]+ cache kmalloc-[0-9]+, object 0x[0-9a-f]+@offset=[0-9]+ requested 40$
// expect-stderr: ^Object   0x[0-9a-f]+: 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61  aaaaaaaaaaaaaaaa$
// expect-stderr: ^Redzone  0x[0-9a-f]+:( cc){16}  \.{16}$
// expect-stderr: ^FIX kmalloc-[0-9]+: 
// expect-stderr: ^SUMMARY \(process-report_overflow-[a-z]+, pid [0-9]+\): 1 error and 0 leaks$
// expect-stdout: ^went on$
#include "check.h"

int main(void)
{
    char *p = malloc(40);
    memset(p, 'a', 40);
    ((volatile char *)p)[40] = 0;
    free(p);
    puts("went on");
    return 0;
}
