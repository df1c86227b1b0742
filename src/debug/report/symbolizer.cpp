// Runs `kslab symbolize` as a filter without the program noticing.
//
//   the program's thread   all signals blocked, asleep (CLONE_VFORK) until the go-between has ended; reaps it
//   the go-between         shares the memory, has descriptors of its own; feeds the helper, reads its answer, kills
//                          it after 5 s, reaps it. Its exit signal is 0: no SIGCHLD, and wait() does not find it
//   the helper             after execve; a child of the go-between, because execve makes SIGCHLD the exit signal
//
// Everything is static and report_lock's. Both children run on stacks of their own: the program's may be small.
#include "debug/report/symbolizer.h"

#include "base/check.h"
#include "base/format.h"
#include "config/excerpt.h"
#include "debug/stack/modules.h"
#include "debug/report/spawn.h"
#include "kmalloc/kmalloc.h"
#include "os/environment.h"
#include "os/syscall.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kslab {

namespace {

constexpr unsigned kMostReports = 100;
constexpr unsigned kMostFailures = 2;  // in a row: each may have cost 5 s
constexpr size_t kMostVariables = 1024;
constexpr size_t kPathBytes = 2048;

constinit char helper_path[kPathBytes];
constinit bool helper_looked_for = false;
constinit unsigned reports = 0;
constinit unsigned failures = 0;
KSLAB_APART constinit char* environment[kMostVariables + 1];

bool executable(const char* path) {
    struct stat status;
    return raw_syscall(SYS_newfstatat, AT_FDCWD, reinterpret_cast<long>(path), reinterpret_cast<long>(&status), 0) == 0 &&
           S_ISREG(status.st_mode) && raw_syscall(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(path), X_OK) == 0;
}

bool try_helper(const char* directory, size_t length, const char* rest) {
    size_t rest_length = string_length(rest);
    if (length + rest_length >= sizeof helper_path) return false;
    __builtin_memcpy(helper_path, directory, length);
    __builtin_memcpy(helper_path + length, rest, rest_length + 1);
    if (executable(helper_path)) return true;
    helper_path[0] = '\0';
    return false;
}

// Beside the library, as a build leaves it, or where an installation puts it: lib/ or lib/MACHINE/ beside bin/.
void find_helper() {
    const char* own = module_of(reinterpret_cast<uintptr_t>(&find_helper)).path;
    if (own == nullptr || own[0] != '/') return;
    size_t directory = 0;
    for (size_t i = 0; own[i] != '\0'; i++)
        if (own[i] == '/') directory = i + 1;
    // A program that holds kslab and is called so is no helper.
    if (!strings_equal(own + directory, "kslab") && try_helper(own, directory, "kslab")) return;
    if (try_helper(own, directory, "../bin/kslab")) return;
    try_helper(own, directory, "../../bin/kslab");
}

bool begins_with(const char* s, const char* prefix) {
    while (*prefix != '\0')
        if (*s++ != *prefix++) return false;
    return true;
}

// Nothing that would bring kslab, another preload, or the network into the helper.
void make_environment() {
    size_t count = 0;
    for (char** variable = start_block().environment; *variable != nullptr && count < kMostVariables; variable++) {
        bool dropped = begins_with(*variable, "LD_PRELOAD=") || begins_with(*variable, "LD_AUDIT=") ||
                       begins_with(*variable, "KSLAB_") || begins_with(*variable, "DEBUGINFOD_URLS=");
        if (!dropped) environment[count++] = *variable;
    }
    environment[count] = nullptr;
}

}  // namespace

void symbolizer_boot() {
    const char* wanted = active_options.symbolizer.text;
    helper_looked_for = wanted[0] != '\0';
    if (!helper_looked_for || strings_equal(wanted, "none") || try_helper(wanted, string_length(wanted), "")) return;
    report_line out;
    put_excerpt(out->put("KSLAB_SYMBOLIZER="), wanted)
        .put(" cannot be executed: reports will name neither functions nor lines; it is the path of the kslab command, or none");
}

size_t symbolize(const char* text, size_t length, char* out, size_t capacity) {
    if (reports >= kMostReports || failures >= kMostFailures) return 0;
    if (!helper_looked_for) find_helper();
    helper_looked_for = true;
    if (helper_path[0] == '\0') return 0;
    reports++;
    make_environment();
    char name[] = "kslab";
    char command[] = "symbolize";
    char quick[] = "--quick";
    char* arguments[] = {name, command, quick, nullptr};
    filter_call call = {helper_path, arguments, environment, text, length, out, capacity};
    size_t answer = run_filter(call);
    failures = answer == 0 ? failures + 1 : 0;
    return answer;
}

}  // namespace kslab
