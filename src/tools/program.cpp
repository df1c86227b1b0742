#include "tools/program.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace tools {

namespace fs = std::filesystem;

std::string own_path() {
    std::error_code error;
    fs::path path = fs::read_symlink("/proc/self/exe", error);
    if (error) throw failure(kUsage, "cannot read /proc/self/exe: " + error.message());
    return path.string();
}

std::string find_library(const std::string& chosen) {
    std::string found;
    if (!chosen.empty()) {
        found = fs::absolute(chosen).string();
    } else {
        fs::path here = fs::path(own_path()).parent_path();
        for (const char* candidate : {"libkslab.so", "../libkslab.so", KSLAB_LIB_FROM_BIN "/libkslab.so.0",
                                      "../lib/libkslab.so.0", "../lib64/libkslab.so.0"})
            if (found.empty() && fs::exists(here / candidate)) found = (here / candidate).lexically_normal().string();
        if (found.empty()) throw failure(kNotFound, "libkslab.so is not beside " + here.string() + " (see --lib)");
    }
    if (access(found.c_str(), R_OK) != 0) throw failure(kNotFound, "no such library: " + found);
    if (found.find_first_of(": \t\n") != found.npos)
        throw failure(kUsage, "the loader splits LD_PRELOAD at blanks and colons, and the library's path has one: " +
                                  found);
    return found;
}

namespace {

bool is_file(const std::string& path) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::string find_program(const std::string& name) {
    if (name.find('/') != name.npos) {
        if (!fs::exists(name)) throw failure(kNotFound, "program not found: " + name);
        if (!is_file(name) || access(name.c_str(), X_OK) != 0) throw failure(kNotExecutable, "not executable: " + name);
        return name;
    }
    const char* variable = getenv("PATH");
    std::string path = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin" : variable;
    for (size_t start = 0; start <= path.size();) {
        size_t end = std::min(path.find(':', start), path.size());
        std::string directory = path.substr(start, end - start);
        std::string file = (directory.empty() ? "." : directory) + "/" + name;
        if (is_file(file) && access(file.c_str(), X_OK) == 0) return file;
        start = end + 1;
    }
    throw failure(kNotFound, "program not found: " + name);
}

void add_preload(variables& with, const std::string& library) {
    const char* before = getenv("LD_PRELOAD");
    with["LD_PRELOAD"] = before == nullptr || *before == '\0' ? library : library + ":" + before;
}

namespace {

void set_environment(const variables& with) {
    for (const auto& [name, value] : with) {
        if (value.empty())
            unsetenv(name.c_str());
        else
            setenv(name.c_str(), value.c_str(), 1);
    }
}

[[noreturn]] void become(const std::string& file, const words& command) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(file.c_str(), arguments.data());
    // A script without a first line #! is the shell's, as in a shell.
    if (errno == ENOEXEC) {
        arguments.insert(arguments.begin(), const_cast<char*>("/bin/sh"));
        arguments[1] = const_cast<char*>(file.c_str());
        execv("/bin/sh", arguments.data());
    }
    say(file + ": " + std::strerror(errno));
    _exit(kNotExecutable);
}

void put_descriptor(int from, int to) {
    if (from >= 0) dup2(from, to);
}

// Waits for the process, at most so long; then kills it, and its process group if it leads one.
int wait_for(pid_t process, long seconds, bool& timed_out) {
    using clock = std::chrono::steady_clock;
    auto end = clock::now() + std::chrono::seconds(seconds);
    useconds_t pause = 200;
    for (int status = 0;;) {
        pid_t done = waitpid(process, &status, seconds == 0 || timed_out ? 0 : WNOHANG);
        if (done == process) return status;
        if (done < 0 && errno != EINTR) return 0;
        if (seconds != 0 && !timed_out && clock::now() >= end) {
            timed_out = true;
            kill(process, SIGKILL);
        } else if (done == 0) {
            usleep(pause);
            pause = std::min<useconds_t>(pause * 2, 20000);
        }
    }
}

}  // namespace

void execute(const std::string& file, const words& command, const variables& with) {
    set_environment(with);
    become(file, command);
}

namespace {

constexpr int kStopSignals[] = {SIGTERM, SIGHUP};
struct sigaction actions_before[std::size(kStopSignals)];
volatile sig_atomic_t stopped_by = 0;
volatile sig_atomic_t running = 0;  // process id

void pass_on(int signal) {
    int saved = errno;
    stopped_by = signal;
    if (running > 0) kill(running, signal);
    errno = saved;
}

sigset_t stop_signal_set() {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : kStopSignals) sigaddset(&set, signal);
    return set;
}

}  // namespace

stop_signals::stop_signals() {
    struct sigaction action = {};
    action.sa_handler = pass_on;
    for (size_t i = 0; i < std::size(kStopSignals); i++) {
        sigaction(kStopSignals[i], nullptr, &actions_before[i]);
        // nohup wants them ignored.
        if (actions_before[i].sa_handler != SIG_IGN) sigaction(kStopSignals[i], &action, nullptr);
    }
}

stop_signals::~stop_signals() {
    for (size_t i = 0; i < std::size(kStopSignals); i++) sigaction(kStopSignals[i], &actions_before[i], nullptr);
    if (stopped_by != 0) raise(stopped_by);
}

namespace {

// Keyboard signals are left to the program while this command waits for it.
class keyboard_signals {
public:
    keyboard_signals() {
        struct sigaction ignore = {};
        ignore.sa_handler = SIG_IGN;
        sigaction(SIGINT, &ignore, &interrupt_);
        sigaction(SIGQUIT, &ignore, &quit_);
    }
    ~keyboard_signals() { restore(); }
    keyboard_signals(const keyboard_signals&) = delete;
    keyboard_signals& operator=(const keyboard_signals&) = delete;
    void restore() const {
        sigaction(SIGINT, &interrupt_, nullptr);
        sigaction(SIGQUIT, &quit_, nullptr);
    }

private:
    struct sigaction interrupt_, quit_;
};

void default_stop_signals() {
    for (int signal : kStopSignals) {
        struct sigaction now;
        sigaction(signal, nullptr, &now);
        if (now.sa_handler != pass_on) continue;
        now.sa_handler = SIG_DFL;
        sigaction(signal, &now, nullptr);
    }
}

}  // namespace

run_result run_program(const std::string& file, const words& command, const variables& with, const run_settings& how) {
    run_result result;
    keyboard_signals keyboard;
    // A signal between fork and the note of the process would find nobody to be passed to.
    sigset_t stops = stop_signal_set(), mask;
    sigprocmask(SIG_BLOCK, &stops, &mask);
    pid_t process = stopped_by != 0 ? -1 : fork();
    int error = errno;
    if (process == 0) {
        default_stop_signals();
        sigprocmask(SIG_SETMASK, &mask, nullptr);
        keyboard.restore();
        put_descriptor(how.in, 0);
        put_descriptor(how.out, 1);
        put_descriptor(how.err, 2);
        set_environment(with);
        become(file, command);
    }
    running = process;
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    if (process < 0 && stopped_by == 0) throw failure(kUsage, std::string("cannot start a process: ") + std::strerror(error));
    result.process = process;
    int status = process < 0 ? stopped_by : wait_for(process, how.seconds, result.timed_out);
    running = 0;
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    result.status = result.signal != 0 ? 128 + result.signal : WEXITSTATUS(status);
    return result;
}

bool run_result::interrupted() const { return stopped_by != 0 || signal == SIGINT || signal == SIGQUIT; }

std::string signal_name(int signal) {
    const char* name = sigabbrev_np(signal);
    return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

}  // namespace tools
