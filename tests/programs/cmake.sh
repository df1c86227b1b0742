# shellcheck shell=bash
# CMake configures, builds, tests and installs a small project of libraries and generated files.
#
# tier: full
# timeout: 240
# packages: cmake make gcc g++
# commands: cmake ctest make

prepare() {
    cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.16)
project(small LANGUAGES C CXX VERSION 1.2.3)
include(CheckFunctionExists)
include(CheckTypeSize)
check_function_exists(reallocarray HAVE_REALLOCARRAY)
check_type_size(long LONG_SIZE)
enable_testing()
set(text "")
foreach(i RANGE 1 3000)
  math(EXPR square "${i} * ${i}")
  list(APPEND numbers ${square})
  string(APPEND text "${square};")
  string(REGEX REPLACE "([0-9])1" "\\1-" shown "${square}")
  set(value_${i} "${shown}")
endforeach()
list(SORT numbers COMPARE NATURAL ORDER DESCENDING)
list(REMOVE_DUPLICATES numbers)
string(SHA256 sum "${numbers}${text}${value_2999}")
message(STATUS "sum ${sum}")
file(READ data.json json)
string(JSON third GET "${json}" list 2 name)
message(STATUS "third ${third}")
foreach(i RANGE 1 12)
  file(WRITE ${CMAKE_BINARY_DIR}/lib${i}.c "int lib${i}(int x) { return x + ${i}; }\n")
  add_library(lib${i} STATIC ${CMAKE_BINARY_DIR}/lib${i}.c)
  list(APPEND libraries lib${i})
endforeach()
configure_file(main.c.in main.c)
add_executable(main ${CMAKE_BINARY_DIR}/main.c)
target_link_libraries(main PRIVATE ${libraries})
add_test(NAME main COMMAND main)
install(TARGETS main)
END
    echo '{"list": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}' > data.json
    cat > main.c.in << 'END'
#include <stdio.h>
int lib1(int), lib12(int);
int main(void) { printf("@PROJECT_VERSION@ @LONG_SIZE@ %d\n", lib1(lib12(0))); return 0; }
END
}

workload() {
    cmake -S "$work/input" -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -G 'Unix Makefiles' |
        grep -v -e seconds -e '^-- Detecting' -e 'done$'
    cmake --build build -j2 > build.txt
    # With two jobs lines come in any order.
    sed -i 's/^\[ *[0-9]*%\] //' build.txt
    sort -o build.txt build.txt
    (cd build && ctest --output-on-failure | grep -E 'tests passed')
    DESTDIR=$PWD/root cmake --install build
    root/usr/bin/main
    cmake -E tar czf sources.tgz build/lib1.c build/main.c
    cmake -E tar tzf sources.tgz && rm sources.tgz
    cmake -E sha256sum build/lib1.c build/main.c
    # Kept for the comparison: what was generated, without logs, times and random names.
    find build '(' -name '*.log' -o -name '*.internal' -o -name '*.yaml' -o -name Temporary \
        -o -name Testing ')' -prune -exec rm -rf {} +
    # CMake orders some rules by the addresses of its objects.
    sort -o build/CMakeFiles/Makefile2 build/CMakeFiles/Makefile2
}
