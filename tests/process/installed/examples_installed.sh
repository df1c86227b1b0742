#!/bin/bash
# Installs into a directory of its own, and builds and runs each program of tests/examples against that: by pkg-config
# (kslab-api), and by CMake's find_package with each of kslab::api, kslab::kslab and kslab::static. A new file there is
# tested by itself.
# label: full
# timeout: 200
# needs: tool cmake
# needs: tool pkg-config
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
examples=$TEST_SOURCE_DIR/../examples
prefix=$TEST_TMP/prefix
status=0
failed() { echo "$*" >&2; status=1; }

# order.c has a bug on purpose: it shows debugging (README.md).
sources=()
for source in "$examples"/*.c "$examples"/*.cpp; do
    [ "${source##*/}" = order.c ] || sources+=("$source")
done
[ ${#sources[@]} -ge 2 ] || { echo "no examples" >&2; exit 1; }

cmake --install "$(dirname "$TEST_LIB")" --prefix "$prefix" >"$TEST_TMP/install" 2>&1 ||
    { cat "$TEST_TMP/install" >&2; exit 1; }

run() { # an example's program must succeed and say something
    timeout 60 "$1" >"$TEST_TMP/said" 2>&1 || failed "status $? of $1: $(head -n 20 "$TEST_TMP/said")"
    [ -s "$TEST_TMP/said" ] || failed "$1 says nothing"
}

# One version everywhere.
version=$(sed -n 's/^#define KSLAB_VERSION_[A-Z]* *//p' "$(find "$prefix" -name kslab.h)" | paste -sd.)
[ "$("$prefix/bin/kslab" --version)" = "kslab $version" ] || failed "kslab --version says $("$prefix/bin/kslab" --version), the header $version"
for name in kslab kslab-api; do
    said=$(PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name kslab.pc)") pkg-config --modversion "$name")
    [ "$said" = "$version" ] || failed "pkg-config says that $name is $said, the header $version"
done

# By pkg-config: with every warning, in the oldest language that the headers promise.
config=$(dirname "$(find "$prefix" -name kslab-api.pc)")
read -ra cflags < <(PKG_CONFIG_PATH=$config pkg-config --cflags kslab-api)
read -ra libs < <(PKG_CONFIG_PATH=$config pkg-config --libs kslab-api)
for source in "${sources[@]}"; do
    case $source in
        *.c) compiler=("$TEST_CC" -std=gnu99) ;;
        *) compiler=("$TEST_CXX" -std=c++17) ;;
    esac
    program=$TEST_TMP/by-pkg-config-$(basename "$source" | tr . -)
    if "${compiler[@]}" -O1 -Wall -Wextra -Werror "${cflags[@]}" -o "$program" "$source" "${libs[@]}"; then
        run "$program"
    else
        failed "${source##*/} does not build with pkg-config's flags"
    fi
done

# By CMake, as a project that knows nothing but the prefix. Examples are compiled once and linked with each target;
# that each target brings the headers, a small program shows.
mkdir "$TEST_TMP/project"
cat >"$TEST_TMP/project/small.c" <<'END_OF_TEXT'
#include <kslab/kmem_cache.h>
int main(void) { return kmem_cache_destroy(NULL), 0; }
END_OF_TEXT
cat >"$TEST_TMP/project/CMakeLists.txt" <<'END_OF_TEXT'
cmake_minimum_required(VERSION 3.20)
project(examples C CXX)
find_package(kslab ${KSLAB_VERSION} EXACT REQUIRED)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
foreach(source IN LISTS EXAMPLES)
  get_filename_component(name "${source}" NAME)
  string(REPLACE "." "-" name "${name}")
  add_library(${name} OBJECT "${source}")
  target_link_libraries(${name} PRIVATE kslab::api)
  foreach(target api kslab static)
    add_executable(${name}-${target} $<TARGET_OBJECTS:${name}>)
    set_target_properties(${name}-${target} PROPERTIES LINKER_LANGUAGE CXX)
    target_link_libraries(${name}-${target} PRIVATE kslab::${target})
  endforeach()
endforeach()
foreach(target api kslab static)
  add_executable(small-${target} small.c)
  target_link_libraries(small-${target} PRIVATE kslab::${target})
endforeach()
END_OF_TEXT
list=$(IFS=';'; echo "${sources[*]}")
{ cmake -S "$TEST_TMP/project" -B "$TEST_TMP/build" -DCMAKE_PREFIX_PATH="$prefix" "-DEXAMPLES=$list" "-DKSLAB_VERSION=$version" \
      -DCMAKE_C_COMPILER="$TEST_CC" -DCMAKE_CXX_COMPILER="$TEST_CXX" -DCMAKE_CXX_FLAGS=-O1 -DCMAKE_C_FLAGS=-O1 &&
      cmake --build "$TEST_TMP/build" -j2 -- -k; } >"$TEST_TMP/built" 2>&1 ||
    failed "does not build with find_package: $(tail -n 40 "$TEST_TMP/built")"
for source in "${sources[@]}"; do
    for target in api kslab static; do
        program=$TEST_TMP/build/$(basename "$source" | tr . -)-$target
        [ ! -x "$program" ] || run "$program"
    done
done
for target in api kslab static; do
    [ ! -x "$TEST_TMP/build/small-$target" ] || "$TEST_TMP/build/small-$target" || failed "small-$target fails"
done
exit $status
