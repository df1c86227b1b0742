// Parts of a test that need a process of their own: what aborts, and what depends on options, which are read
// from the environment when the allocator comes up.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace test {

struct outcome {
    int exit_code = -1;   // -1 when a signal ended it
    int signal = 0;
    std::string report;   // the last report of kslab (forked), or all of standard error (rerun)
};

// Runs `body` in a fork of this process. A body that returns exits with 0.
outcome in_fork(const std::function<void()>& body);

// Runs this program again, with NAME=VALUE strings added to the environment: not its tests, but one child program
// that CHILD_PROGRAM(name) { … } defines. Exits with 0 when all its expectations hold.
outcome rerun(const std::string& child, const std::vector<std::string>& environment = {});

struct child_program {
    child_program(const char* name, void (*body)());
    const char* name;
    void (*body)();
    child_program* next;
};
#define CHILD_PROGRAM(name)                                                    \
    static void child_body_##name();                                           \
    static test::child_program child_program_##name(#name, child_body_##name); \
    static void child_body_##name()

int run_child(const std::string& name);

// The value of `name`, or `otherwise`; for step counts and seeds.
unsigned long number_from(const char* name, unsigned long otherwise);

}  // namespace test

#ifdef KSLAB_TEST_SANITIZED
inline constexpr unsigned kSanitizerFactor = 10;
#else
inline constexpr unsigned kSanitizerFactor = 1;
#endif
