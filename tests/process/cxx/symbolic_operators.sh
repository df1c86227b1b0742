#!/bin/bash
# A library with operators new and delete of its own, bound to itself, gives objects to the program and takes some from it: half of
# each pair is its own, half kslab's. No mismatch is told; one of the program's own is, one of the C++ library's, which is not bound to
# itself, and one of the same library without -Bsymbolic.
# needs: tool g++
set -u
fail() { echo "FAILED: $*" >&2; exit 1; }
cd "$TEST_TMP" || exit 1
cat >lib.cpp <<'END'
#include <cstdlib>
#include <new>
void* operator new(std::size_t n) { if (void* p = std::malloc(n)) return p; throw std::bad_alloc(); }
void* operator new[](std::size_t n) { return operator new(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
int* make_one() { return new int(5); }
int* make_many() { return new int[50]; }
void* make_by_malloc() { return std::malloc(40); }
int take_one(int* p) { delete p; return 1; }
int take_many(int* p) { delete[] p; return 1; }
END
cat >main.cpp <<'END'
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
int* make_one();
void* make_by_malloc();
int* make_many();
int take_one(int*);
int take_many(int*);
int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    if (!std::strcmp(what, "own")) return delete static_cast<int*>(std::malloc(4)), 0;
    if (!std::strcmp(what, "demangle")) return delete[] abi::__cxa_demangle("_Z1fi", nullptr, nullptr, nullptr), 0;
    if (!std::strcmp(what, "library")) return delete static_cast<int*>(make_by_malloc()), 0;
    delete make_one();
    delete[] make_many();
    take_one(new int(6));
    take_many(new int[60]);
    return 0;
}
END
for options in "-O0 -g" "-O2 -g"; do
    # shellcheck disable=SC2086
    "$TEST_CXX" $options -fno-builtin -shared -fPIC -Wl,-Bsymbolic lib.cpp -o libown.so || fail "compiler"
    # The program's own operators are the C++ library's.
    # shellcheck disable=SC2086
    "$TEST_CXX" $options -fno-builtin main.cpp -o main -Wl,--as-needed -lstdc++ -L. -lown -Wl,-rpath,"$TEST_TMP" || fail "compiler"
    KSLAB_DEBUG=1 LD_PRELOAD=$TEST_LIB ./main 2>err || fail "$options: status $?"
    [ ! -s err ] || fail "$options: $(cat err)"
    # shellcheck disable=SC2086
    "$TEST_CXX" $options -fno-builtin -shared -fPIC lib.cpp -o libown.so || fail "compiler"
    for what in own demangle library; do
        KSLAB_DEBUG=1 LD_PRELOAD=$TEST_LIB ./main $what 2>err
        grep -q 'Mismatched free' err || fail "$options: $what is not told: $(cat err)"
    done
done
