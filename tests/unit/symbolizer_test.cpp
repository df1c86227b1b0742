// run_filter: another program as a filter, unnoticed by this process.
// full: run_filter.hanging_filter_is_killed
#include <dirent.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>
#include <thread>

#include "debug/report/spawn.h"
#include "support/child.h"

namespace {

#ifdef KSLAB_TEST_SANITIZED
#define SKIP_UNDER_SANITIZERS() GTEST_SKIP() << "sanitizers do not follow processes that share memory"
#else
#define SKIP_UNDER_SANITIZERS() static_cast<void>(0)
#endif

std::string filter(std::initializer_list<const char*> command, const std::string& input, size_t capacity = 1 << 20,
                   std::initializer_list<const char*> variables = {"PATH=/usr/bin:/bin"}) {
    std::vector<char*> arguments, environment;
    for (const char* word : command) arguments.push_back(const_cast<char*>(word));
    for (const char* variable : variables) environment.push_back(const_cast<char*>(variable));
    arguments.push_back(nullptr);
    environment.push_back(nullptr);
    std::string output(capacity, '\0');
    size_t length = kslab::run_filter({arguments[0], arguments.data(), environment.data(), input.data(), input.size(),
                                       output.data(), output.size()});
    output.resize(length);
    return output;
}

size_t open_descriptors() {
    size_t count = 0;
    DIR* directory = opendir("/proc/self/fd");
    while (readdir(directory) != nullptr) count++;
    closedir(directory);
    return count;
}

double seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

volatile sig_atomic_t children_seen;
void count_child(int) { children_seen = children_seen + 1; }

TEST(run_filter, short_text) {
    SKIP_UNDER_SANITIZERS();
    EXPECT_EQ(filter({"/bin/cat"}, "one\ntwo\n"), "one\ntwo\n");
}

// More than pipes hold, in both directions at once.
TEST(run_filter, long_text) {
    SKIP_UNDER_SANITIZERS();
    std::string text;
    for (int i = 0; i < 100000; i++) text += std::to_string(i) + "\n";
    EXPECT_EQ(filter({"/bin/cat"}, text), text);
    EXPECT_EQ(filter({"/bin/sh", "-c", "cat; echo end"}, text), text + "end\n");
}

TEST(run_filter, failures_give_nothing) {
    SKIP_UNDER_SANITIZERS();
    EXPECT_EQ(filter({"/nonexistent/kslab"}, "text"), "");
    EXPECT_EQ(filter({"/etc/passwd"}, "text"), "");
    EXPECT_EQ(filter({"/bin/sh", "-c", "cat; exit 3"}, "text"), "");
    EXPECT_EQ(filter({"/bin/sh", "-c", "kill -9 $$"}, "text"), "");
    EXPECT_EQ(filter({"/bin/cat"}, std::string(5000, 'x'), 4999), "") << "more than the capacity";
}

// A filter that does not read must not kill this process by SIGPIPE, nor hang it.
TEST(run_filter, filter_that_does_not_read) {
    SKIP_UNDER_SANITIZERS();
    std::string text(1 << 20, 'x');
    EXPECT_EQ(filter({"/bin/echo", "done"}, text), "done\n");
}

TEST(run_filter, hanging_filter_is_killed) {
    SKIP_UNDER_SANITIZERS();
    double start = seconds();
    EXPECT_EQ(filter({"/bin/sleep", "1000"}, "text"), "");
    EXPECT_GT(seconds() - start, 4.0);
    EXPECT_LT(seconds() - start, 20.0);
    EXPECT_EQ(waitpid(-1, nullptr, __WALL | WNOHANG), -1) << "a child is left";
}

TEST(run_filter, nobody_sees_a_child) {
    SKIP_UNDER_SANITIZERS();
    struct sigaction action = {};
    action.sa_handler = count_child;
    sigaction(SIGCHLD, &action, nullptr);
    std::atomic<bool> stop{false};
    std::atomic<size_t> caught{0};
    // A thread that waits for any child, as servers have it.
    std::thread waiter([&] {
        while (!stop) caught += waitpid(-1, nullptr, WNOHANG) > 0;
    });
    for (int i = 0; i < 20; i++) EXPECT_EQ(filter({"/bin/cat"}, "text"), "text");
    stop = true;
    waiter.join();
    EXPECT_EQ(caught, 0u);
    EXPECT_EQ(children_seen, 0);
    EXPECT_EQ(waitpid(-1, nullptr, __WALL | WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(run_filter, signals_and_descriptors_stay) {
    SKIP_UNDER_SANITIZERS();
    sigset_t before, after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR1);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    size_t open_before = open_descriptors();
    errno = 4711;
    std::string answer = filter({"/bin/cat"}, "text");
    EXPECT_EQ(errno, 4711);
    EXPECT_EQ(answer, "text");
    EXPECT_EQ(open_descriptors(), open_before);
    sigprocmask(SIG_SETMASK, nullptr, &after);
    for (int signal = 1; signal < 32; signal++)
        EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
}

TEST(run_filter, ignored_sigchld) {
    SKIP_UNDER_SANITIZERS();
    signal(SIGCHLD, SIG_IGN);
    EXPECT_EQ(filter({"/bin/cat"}, "text"), "text");
}

TEST(run_filter, the_filter_has_three_descriptors_and_our_environment) {
    SKIP_UNDER_SANITIZERS();
    int leaked = dup(0);
    EXPECT_EQ(filter({"/bin/sh", "-c", "for n in 0 1 2 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo $n; done; "
                                     "echo $A $LD_PRELOAD"}, "", 4096,
                     {"PATH=/usr/bin:/bin", "A=b"}),
              "0\n1\n2\nb\n");
    close(leaked);
}

TEST(run_filter, with_standard_descriptors_closed) {
    SKIP_UNDER_SANITIZERS();
    test::outcome result = test::in_fork([] {
        for (int fd = 0; fd < 3; fd++) close(fd);
        _exit(filter({"/bin/cat"}, "text") == "text" ? 0 : 1);
    });
    EXPECT_EQ(result.exit_code, 0);
}

TEST(run_filter, with_no_descriptor_left) {
    SKIP_UNDER_SANITIZERS();
    test::outcome result = test::in_fork([] {
        rlimit limit = {64, 64};
        setrlimit(RLIMIT_NOFILE, &limit);
        while (dup(0) >= 0) {
        }
        _exit(filter({"/bin/cat"}, "text") == "text" ? 0 : 1);
    });
    EXPECT_EQ(result.exit_code, 0);
}

TEST(run_filter, with_no_process_left) {
    SKIP_UNDER_SANITIZERS();
    test::outcome result = test::in_fork([] {
        if (setgid(65534) != 0 || setuid(65534) != 0) _exit(77);
        rlimit limit = {0, 0};
        setrlimit(RLIMIT_NPROC, &limit);
        _exit(filter({"/bin/cat"}, "text").empty() ? 0 : 1);
    });
    if (result.exit_code == 77) GTEST_SKIP() << "needs root";
    EXPECT_EQ(result.exit_code, 0);
}

TEST(run_filter, in_an_empty_root) {
    SKIP_UNDER_SANITIZERS();
    char empty[] = "/tmp/kslab-empty-XXXXXX";
    ASSERT_NE(mkdtemp(empty), nullptr);
    test::outcome result = test::in_fork([&] {
        if (chroot(empty) != 0) _exit(77);
        _exit(filter({"/bin/cat"}, "text").empty() ? 0 : 1);
    });
    rmdir(empty);
    if (result.exit_code == 77) GTEST_SKIP() << "needs root";
    EXPECT_EQ(result.exit_code, 0);
}

// One system call is answered with EPERM.
void forbid(long number) {
    sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program = {4, rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(77);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(77);
}

TEST(run_filter, in_a_sandbox) {
    SKIP_UNDER_SANITIZERS();
    for (long number : {SYS_clone, SYS_execve, SYS_pipe2}) {
        test::outcome result = test::in_fork([number] {
            forbid(number);
            _exit(filter({"/bin/cat"}, "text").empty() ? 0 : 1);
        });
        if (result.exit_code == 77) GTEST_SKIP() << "needs seccomp";
        EXPECT_EQ(result.exit_code, 0) << number;
    }
    // Systems older than close_range.
    test::outcome result = test::in_fork([] {
        forbid(SYS_close_range);
        _exit(filter({"/bin/cat"}, "text") == "text" ? 0 : 1);
    });
    EXPECT_EQ(result.exit_code, 0);
}

}  // namespace
