// Runs one program under one allocator and reports what it cost.
//
//   launch --report FILE [--preload LIB] [--library-path DIR] [--warm MIB] [--watch NAME] [--limit SECONDS] -- PROGRAM ...
//
// A small process of its own because the kernel counts the memory that a process had before exec towards
// its peak: started from Python, every small program would seem to need Python's memory. The preload is
// set in the child only. FILE gets one line of JSON; the exit status is 0 when the measurement worked,
// whatever the program returned. --warm touches that many MiB in another process just before, so that
// the machine has the memory at hand for whoever comes next. --watch looks for a mapped file of that name
// in the program while it runs.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct options {
  const char *report = nullptr;
  const char *preload = nullptr;
  const char *library_path = nullptr;
  const char *watch = nullptr;
  long warm_mib = 0;
  long limit_seconds = 0;
  char **command = nullptr;
};

pid_t running = 0;
volatile sig_atomic_t timed_out = 0;

[[noreturn]] void fail(const char *what) {
  std::fprintf(stderr, "launch: %s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

options parse(int argc, char **argv) {
  options parsed;
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i];
    if (std::strcmp(name, "--") == 0) {
      parsed.command = argv + i + 1;
      break;
    }
    if (i + 1 == argc) break;
    const char *value = argv[++i];
    if (std::strcmp(name, "--report") == 0) parsed.report = value;
    if (std::strcmp(name, "--preload") == 0) parsed.preload = value;
    if (std::strcmp(name, "--library-path") == 0) parsed.library_path = value;
    if (std::strcmp(name, "--watch") == 0) parsed.watch = value;
    if (std::strcmp(name, "--warm") == 0) parsed.warm_mib = std::strtol(value, nullptr, 10);
    if (std::strcmp(name, "--limit") == 0) parsed.limit_seconds = std::strtol(value, nullptr, 10);
  }
  if (parsed.report == nullptr || parsed.command == nullptr || parsed.command[0] == nullptr) {
    std::fprintf(stderr, "launch: needs --report FILE and -- PROGRAM\n");
    std::exit(2);
  }
  return parsed;
}

// In a child, so that this process stays small.
void warm(long mib) {
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    const size_t size = static_cast<size_t>(mib) << 20;
    void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) _exit(1);
    for (size_t at = 0; at < size; at += 4096) static_cast<volatile char *>(memory)[at] = 1;
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) std::fprintf(stderr, "launch: could not warm %ld MiB\n", mib);
}

[[noreturn]] void become(const options &options) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (options.preload != nullptr) setenv("LD_PRELOAD", options.preload, 1);
  if (options.library_path != nullptr) setenv("LD_LIBRARY_PATH", options.library_path, 1);
  execvp(options.command[0], options.command);
  std::fprintf(stderr, "launch: %s: %s\n", options.command[0], std::strerror(errno));
  _exit(127);
}

void on_alarm(int) {
  timed_out = 1;
  kill(-running, SIGKILL);
  kill(running, SIGKILL);
}

bool is_mapped(pid_t process, const char *name) {
  char path[64];
  char line[1024];
  bool found = false;
  std::snprintf(path, sizeof path, "/proc/%d/maps", process);
  std::FILE *maps = std::fopen(path, "r");
  if (maps == nullptr) return false;
  while (!found && std::fgets(line, sizeof line, maps) != nullptr) found = std::strstr(line, name) != nullptr;
  std::fclose(maps);
  return found;
}

bool has_ended(pid_t process) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == process;
}

// Looks every half millisecond until the file is mapped, for the first two seconds at most.
bool watch(pid_t process, const char *name) {
  for (int look = 0; look < 4000 && !has_ended(process); look++) {
    if (is_mapped(process, name)) return true;
    usleep(500);
  }
  return false;
}

double seconds_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_of(const timeval &time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; }

}  // namespace

int main(int argc, char **argv) {
  const options options = parse(argc, argv);
  std::FILE *report = std::fopen(options.report, "we");
  if (report == nullptr) fail(options.report);
  if (options.warm_mib > 0) warm(options.warm_mib);

  const double begin = seconds_now();
  running = fork();
  if (running < 0) fail("fork");
  if (running == 0) become(options);
  setpgid(running, running);
  if (options.limit_seconds > 0) {
    std::signal(SIGALRM, on_alarm);
    alarm(static_cast<unsigned>(options.limit_seconds));
  }
  const bool mapped = options.watch != nullptr && watch(running, options.watch);

  int status = 0;
  rusage usage{};
  while (wait4(running, &status, 0, &usage) < 0)
    if (errno != EINTR) fail("wait4");
  const double wall = seconds_now() - begin;
  kill(-running, SIGKILL);  // whatever the program left behind

  std::fprintf(report, "{\"wall\": %.6f, \"user\": %.6f, \"system\": %.6f, \"peak_kib\": %ld, \"mapped\": %s, ", wall,
               seconds_of(usage.ru_utime), seconds_of(usage.ru_stime), usage.ru_maxrss, mapped ? "true" : "false");
  std::fprintf(report, "\"exit\": %d, \"signal\": %d, \"timed_out\": %s}\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
               WIFSIGNALED(status) ? WTERMSIG(status) : 0, timed_out != 0 ? "true" : "false");
  return std::fclose(report) == 0 ? 0 : 2;
}
