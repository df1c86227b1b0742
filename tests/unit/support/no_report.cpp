// Stands for kslab's buffer in programs that are not linked with it.
#include "os/report_fd.h"

char kslab_last_report[1024];
