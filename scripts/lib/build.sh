# shellcheck shell=bash
# Configuring and building one build directory. Needs common.sh and packages.sh.
#
# build_tools                      sees to it that a compiler, CMake and make are there; libdw and sdt.h if they can be had
# build_dir DIR TARGET [OPTION...] configures DIR (below the root) if need be, then builds
#
# Everything goes to DIR.log; its tail is shown when a step fails.

build_tools() {
    local packages=()
    command -v g++ > /dev/null || command -v clang++ > /dev/null || packages+=(g++)
    command -v cmake > /dev/null || packages+=(cmake)
    command -v make > /dev/null || command -v ninja > /dev/null || packages+=(make)
    if ((${#packages[@]})); then
        say "installing ${packages[*]}"
        packages_install "${packages[@]}" ||
            die "cannot build: these packages are missing: ${packages[*]} ($(packages_hint "${packages[@]}"))"
    fi
    build_extra libdw-dev /usr/include/elfutils/libdwfl.h 'reports show no function names'
    build_extra systemtap-sdt-dev "/usr/include/$(uname -m)-linux-gnu/sys/sdt.h" 'the library has no tracepoints'
}

# build_extra PACKAGE HEADER WITHOUT: everything else works without it, so one attempt is enough.
build_extra() {
    local package=$1 header=$2 without=$3
    local tried=$KSLAB_ROOT/build/.$package-tried
    [[ ! -e $header && ! -e /usr/include/sys/${header##*/} && ! -e $tried ]] || return 0
    command -v apt-get > /dev/null || return 0
    : > "$tried"
    say "installing $package"
    packages_install "$package" || say "without $package, $without ($(packages_hint "$package"))"
}

build_jobs() {
    local jobs
    jobs=${KSLAB_JOBS:-$(nproc 2> /dev/null || echo 2)}
    # More than eight compilers at once want more memory than small machines have.
    printf '%s\n' $((jobs > 8 ? 8 : jobs))
}

build_fail() {
    local log=$1
    tail -n "${KSLAB_LOG_TAIL:-40}" "$log" >&2
    say "$2 failed; the whole log is ${log#"$KSLAB_ROOT/"}"
    return 1
}

# build_configure DIR [OPTION...]: always runs CMake (about a second when nothing changed).
build_configure() {
    local dir=$KSLAB_ROOT/$1 generator=()
    local log=$dir.log
    shift
    mkdir -p "$dir"
    # A directory that exists keeps the generator it was made with.
    if [[ ! -e $dir/CMakeCache.txt ]] && command -v ninja > /dev/null; then
        generator=(-G Ninja)
    fi
    cmake -S "$KSLAB_ROOT" -B "$dir" "${generator[@]}" "$@" > "$log" 2>&1 < /dev/null ||
        build_fail "$log" "configuring ${dir#"$KSLAB_ROOT/"}"
}

build_configured() {
    [[ -e $KSLAB_ROOT/$1/build.ninja || -e $KSLAB_ROOT/$1/Makefile ]]
}

build_dir() {
    local name=$1 target=$2
    local dir=$KSLAB_ROOT/$1
    local log=$dir.log
    shift 2
    build_configured "$name" || build_configure "$name" "$@" || return 1
    cmake --build "$dir" --target "$target" -j "$(build_jobs)" >> "$log" 2>&1 < /dev/null ||
        build_fail "$log" "building $name"
}
