// gtest's main, and the way into a child program (support/child.h).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <vector>

#include "support/child.h"

int main(int argc, char** argv) {
    // A copy: gtest takes its flags out.
    std::vector<char*> arguments(argv, argv + argc + 1);
    testing::InitGoogleTest(&argc, arguments.data());
    if (const char* name = getenv("TEST_CHILD")) return test::run_child(name);
    return RUN_ALL_TESTS();
}
