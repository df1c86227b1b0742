// Processes that do nothing: shells, build systems, test runners.
//
// Starts /bin/true again and again; the allocator under test is loaded and set up each time.
// Argument: percentage of the work.
#include <spawn.h>
#include <sys/wait.h>

#include "pattern.h"

extern char **environ;

int main(int argc, char **argv) {
  const long processes = pattern::work(argc, argv, 500);
  char name[] = "true";
  char *arguments[] = {name, nullptr};
  for (long i = 0; i < processes; i++) {
    pid_t child = 0;
    int status = 0;
    if (posix_spawn(&child, "/bin/true", nullptr, nullptr, arguments, environ) != 0) pattern::fail("cannot start /bin/true");
    if (waitpid(child, &status, 0) != child || status != 0) pattern::fail("/bin/true failed");
  }
  pattern::checksum(static_cast<uint64_t>(processes));
}
