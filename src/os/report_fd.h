// Where reports go: the file that was standard error when the program started. A program that closes it and
// opens a data file as descriptor 2 must not find a report among its data.
#pragma once
#include "base/attributes.h"

namespace kslab {

// Remembers which file descriptor 2 is. Called once, at boot.
void report_fd_init();

}  // namespace kslab

// The last report in text, for debuggers and core files; also when it could be written nowhere.
extern "C" KSLAB_EXPORT char kslab_last_report[1024];
