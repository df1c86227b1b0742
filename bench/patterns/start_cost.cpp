// What the allocator adds to the start and end of a process, apart from what preloading any library adds.
//
// /bin/true is started in turn with the environment as it is and with an empty library preloaded instead, on one processor.
// Reports the median time of a start, and the median of how much longer it took than the one beside it. Without a preload that is
// less than nothing. Argument: percentage of the work.
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "pattern.h"

extern char **environ;

namespace {

// The processor that this runs on, or the caches of two would be measured.
void stay_here() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) pattern::fail("cannot stay on one processor");
}

std::string empty_library() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0) pattern::fail("/proc is missing");
  std::string directory(path, static_cast<size_t>(length));
  directory.resize(directory.rfind('/'));
  return directory + "/libempty.so";
}

// The environment with another preload.
std::vector<char *> preloading(std::string &setting) {
  std::vector<char *> result;
  for (char **variable = environ; *variable != nullptr; variable++)
    if (std::string_view(*variable).substr(0, 11) != "LD_PRELOAD=") result.push_back(*variable);
  result.push_back(setting.data());
  result.push_back(nullptr);
  return result;
}

double microseconds_of_start(char **environment) {
  char name[] = "true";
  char *arguments[] = {name, nullptr};
  pid_t child = 0;
  int status = 0;
  const auto begin = std::chrono::steady_clock::now();
  if (posix_spawn(&child, "/bin/true", nullptr, nullptr, arguments, environment) != 0) pattern::fail("cannot start /bin/true");
  if (waitpid(child, &status, 0) != child || status != 0) pattern::fail("/bin/true failed");
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

int main(int argc, char **argv) {
  const long pairs = pattern::work(argc, argv, 1000);
  const std::string library = empty_library();
  if (access(library.c_str(), R_OK) != 0) pattern::fail("libempty.so is not beside this program");
  std::string setting = "LD_PRELOAD=" + library;
  std::vector<char *> empty = preloading(setting);
  stay_here();
  std::vector<double> starts;
  std::vector<double> above;
  for (long i = 0; i < pairs; i++) {
    const bool first = i % 2 == 0;
    const double before = first ? 0 : microseconds_of_start(empty.data());
    const double mine = microseconds_of_start(environ);
    const double other = first ? microseconds_of_start(empty.data()) : before;
    starts.push_back(mine);
    above.push_back(mine - other);
  }
  pattern::metric("start", median(starts), "us");
  pattern::metric("above_empty_preload", median(above), "us");
  pattern::checksum(static_cast<uint64_t>(pairs));
}
