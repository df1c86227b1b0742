#include "support/child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/report_fd.h"

namespace test {

namespace {

int report_pipe = -1;

void send_report() {
    ssize_t ignored = write(report_pipe, kslab_last_report, strlen(kslab_last_report));
    static_cast<void>(ignored);
}

// The report is not on descriptor 2 when the test's runner has redirected that; the buffer has it always.
void on_abort(int) {
    send_report();
    signal(SIGABRT, SIG_DFL);
}

std::string read_all(int fd) {
    std::string all;
    char buffer[4096];
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<size_t>(n));
    close(fd);
    return all;
}

outcome finish(pid_t child, int fd) {
    outcome result;
    result.report = read_all(fd);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    return result;
}

}  // namespace

outcome in_fork(const std::function<void()>& body) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        report_pipe = ends[1];
        kslab_last_report[0] = '\0';
        signal(SIGABRT, on_abort);
        body();
        send_report();
        _exit(0);
    }
    close(ends[1]);
    return finish(child, ends[0]);
}

namespace {

// A sanitizer maps terabytes, which the search for leaks would read page by page, and does not know guard pages.
std::string for_sanitizers(const std::string& variable) {
#ifdef KSLAB_TEST_SANITIZED
    if (variable == "KSLAB_DEBUG=1" || variable == "KSLAB_DEBUG=full") return "KSLAB_DEBUG=FZPUQ";
#endif
    return variable;
}

}  // namespace

outcome rerun(const std::string& child, const std::vector<std::string>& asked) {
    std::vector<std::string> environment;
    for (const std::string& variable : asked) environment.push_back(for_sanitizers(variable));
    int ends[2];
    if (pipe(ends) != 0) return {};
    std::string selector = "TEST_CHILD=" + child;
    pid_t process = fork();
    if (process == 0) {
        putenv(selector.data());
        for (const std::string& variable : environment) putenv(const_cast<char*>(variable.c_str()));
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        close(ends[0]);
        char program[] = "/proc/self/exe";
        char* arguments[] = {program, nullptr};
        execv(program, arguments);
        _exit(127);
    }
    close(ends[1]);
    return finish(process, ends[0]);
}

namespace {
child_program* children;
}

child_program::child_program(const char* its_name, void (*its_body)()) : name(its_name), body(its_body), next(children) {
    children = this;
}

int run_child(const std::string& name) {
    for (child_program* child = children; child != nullptr; child = child->next) {
        if (name != child->name) continue;
        child->body();
        return testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed() ? 1 : 0;
    }
    return 126;
}

unsigned long number_from(const char* name, unsigned long otherwise) {
    const char* value = getenv(name);
    return value == nullptr || *value == '\0' ? otherwise : strtoul(value, nullptr, 0);
}

}  // namespace test
