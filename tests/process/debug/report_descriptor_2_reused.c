// A program closes descriptor 2 and opens its data there, then has a finding: the data is what the program wrote. The
// report goes to what standard error was, and is in kslab_last_report for a debugger or core file.
// env: KSLAB_DEBUG=FZPU
// expect-stderr: ^BUG kmalloc-[0-9]+ .*: Right Redzone overwritten$
#include "check.h"

extern char kslab_last_report[] __attribute__((weak));

int main(void)
{
    char path[] = "/tmp/report_descriptor.XXXXXX", text[100];
    int saved = dup(2);
    int fd = mkstemp(path);
    CHECK(fd > 2 && unlink(path) == 0);
    CHECK(dup2(fd, 2) == 2 && write(2, "DATA", 4) == 4);
    char *p = malloc(40);
    ((volatile char *)p)[40] = 0;
    free(p);
    ssize_t length = pread(fd, text, sizeof text, 0);
    dup2(saved, 2);
    CHECK_SAY(length == 4 && !memcmp(text, "DATA", 4), "the file holds %.*s", (int)length, text);
    if (kslab_last_report)
        CHECK_SAY(strstr(kslab_last_report, "\nBUG kmalloc-"), "the buffer holds %s", kslab_last_report);
    return 0;
}
