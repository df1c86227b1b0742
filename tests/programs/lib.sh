# shellcheck shell=bash
# What the programs of this directory share. Sourced by run, before NAME.sh.
#
# A program's file begins with one comment that has the lines
#   # tier: quick full | full | all     # timeout: SECONDS (both runs together)
#   # packages: Debian packages         # commands: what must be in PATH
#   # proof: files whose malloc must bind to kslab (default: the commands)
# and defines
#   prepare    makes the input, in $work/input
#   workload   does the work in an empty current directory; what it prints and what it leaves
#              there is compared. LD_PRELOAD is set or not: it need not care.
# and, if need be, have (is it usable? sets reason) and proof.
#
# A program that is also run with KSLAB_DEBUG has a line
#   # debug-timeout: SECONDS (both runs and memcheck)
# and the function leaks, see debugging.bash. The variable mode is 1 or full then, for a workload
# that would take too long, and empty otherwise.

# Locale, time zone, home and the caller's tool settings must not change results.
clean_environment() {
    local variable
    for variable in $(compgen -e); do
        case $variable in
            PATH | TMPDIR | TERM | CI | KSLAB_LIB | KSLAB_TEST_* | KSLAB_ROOT) ;;
            *_proxy | *_PROXY) ;;
            *) unset "$variable" 2> /dev/null || true ;;
        esac
    done
    # The system's own programs first: a version manager's wrapper scripts are others.
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH LC_ALL=C.UTF-8 TZ=UTC
}

program_ready() {
    local command
    reason=
    for command in $(field "$name" commands) ${mode:+valgrind}; do
        if ! type -P "$command" > /dev/null; then
            reason="$command is not installed"
            return 1
        fi
    done
    if declare -F have > /dev/null && ! have; then
        return 1
    fi
}

fail() {
    echo "FAILED: $name: $*"
    exit 1
}

step() { printf '%s: %s (%ss)\n' "$name" "$*" "$SECONDS"; }

# --- servers ---------------------------------------------------------------------------------

# server COMMAND...: starts it in the background; stop_server ends the last one started. Its
# id is also written down, so that the outermost shell can end it if this one is killed.
server() {
    "$@" >> "$work/server.log" 2>&1 < /dev/null &
    server_pid=$!
    echo "$server_pid" >> "$work/servers"
}

stop_server() {
    local signal=${1:-TERM} status=0
    kill -s "$signal" "$server_pid"
    wait "$server_pid" || status=$?
    sed -i "/^$server_pid\$/d" "$work/servers"
    # 143: it died of the TERM that was asked for.
    ((status == 0 || status == 143)) || fail "the server ended with status $status: $(tail -n 3 "$work/server.log")"
}

stop_servers() {
    local pid
    [[ -e $work/servers ]] || return 0
    while read -r pid; do
        # Only if it still is the process that was started: it runs in the work directory.
        [[ $(readlink "/proc/$pid/cwd" 2> /dev/null) == "$work"* ]] || continue
        kill "$pid" 2> /dev/null || true
    done < "$work/servers"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        ((SECONDS < end)) || fail "waited too long for: $*"
        sleep 0.1
    done
}

# free_port: a TCP port of the loopback interface that nobody listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 20000))
        (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
    done
    echo "$port"
}

# unprivileged COMMAND...: as nobody when we are root, for servers that refuse to be root.
unprivileged() {
    if [[ $(id -u) == 0 ]]; then
        exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
    fi
    exec "$@"
}

# --- proof that kslab is the malloc ------------------------------------------------------------

preloaded() { [[ ${LD_PRELOAD-} == *"$KSLAB_LIB"* ]]; }

# mapped PID: inside a workload, for processes that live long enough to be looked at.
mapped() {
    preloaded || return 0
    grep -qF "$KSLAB_LIB" "/proc/$1/maps" || fail "kslab is not mapped in process $1 ($(cat "/proc/$1/comm"))"
}

# binds FILE: the loader, asked to bind every symbol of FILE but not to run it, binds malloc to
# kslab. A library that is mapped and not used (a versioned symbol is enough) fails here.
binds() {
    local bindings
    bindings=$(env LD_TRACE_LOADED_OBJECTS=1 LD_BIND_NOW=1 LD_WARN=1 LD_DEBUG=bindings \
        LD_PRELOAD="$KSLAB_LIB" "$1" 2>&1 | grep -F "to $KSLAB_LIB [0]: normal symbol" || true)
    grep -q "symbol .malloc'" <<< "$bindings" || fail "malloc of $1 is not kslab's"
    grep -q "symbol .free'" <<< "$bindings" || fail "free of $1 is not kslab's"
}

proof() {
    local file files
    files=$(field "$name" proof)
    for file in ${files:-$(field "$name" commands)}; do
        binds "$(type -P "$file")"
    done
}

# --- one program -------------------------------------------------------------------------------

# run_once WHO [PRELOAD]: the workload in a fresh directory, which has the same path every time,
# because paths find their way into outputs. Its exit status goes to a file.
run_once() {
    local who=$1 status=0 start=$SECONDS
    rm -rf "${work:?}/run" "${work:?}/home"
    mkdir -m 755 "$work/run" "$work/home"
    # Not "( ... ) || status=$?": in that place the shell would ignore -e inside the workload.
    set +e
    (
        set -e
        cd "$work/run"
        export HOME=$work/home
        # The library would warn of variables with its prefix that are no options of its own.
        # shellcheck disable=SC2046 # a list of words
        export -n $(compgen -e KSLAB_) _
        if [[ -n ${2-} ]]; then
            # shellcheck disable=SC2086,SC2163
            [[ -z ${KSLAB_TEST_OPTIONS-} ]] || export $KSLAB_TEST_OPTIONS
            export LD_PRELOAD=$2
        fi
        workload
    ) > "$work/$who.out" 2> "$work/$who.err" < /dev/null
    status=$?
    set -e
    echo "$status" > "$work/$who.status"
    mv "$work/run" "$work/$who"
    printf '%s: %s: exit status %s, %s s\n' "$name" "$who" "$status" $((SECONDS - start))
}

# Lines of kslab's own, or of a debug report, on standard error or in a server's log.
reports() { grep -aE '^(kslab:|BUG |=+ *BUG )' "$@" || true; }

program_main() {
    local bad=0
    mkdir -p "$work/input"
    export TMPDIR=$work/tmp
    mkdir -m 1777 "$TMPDIR"
    trap stop_servers EXIT
    cd "$work/input"
    prepare
    cd "$work"
    proof
    run_once glibc
    local status
    status=$(cat "$work/glibc.status")
    if ((status != 0)); then
        tail -n 20 "$work/glibc.out" "$work/glibc.err" | cut -c1-500
        fail "the workload itself ends with status $status under glibc"
    fi
    [[ ! -e $work/server.log ]] || mv "$work/server.log" "$work/glibc.server.log"
    [[ -z $mode ]] || debug_prepare
    run_once kslab "$KSLAB_LIB"

    if ! cmp -s "$work/glibc.status" "$work/kslab.status"; then
        echo "exit status: $(cat "$work/glibc.status") with glibc, $(cat "$work/kslab.status") with kslab"
        bad=1
    fi
    if ! cmp -s "$work/glibc.out" "$work/kslab.out"; then
        echo "standard output differs (- glibc, + kslab):"
        diff -u "$work/glibc.out" "$work/kslab.out" | cut -c1-300 | sed -n '3,30p' || true
        bad=1
    fi
    if ! diff -rq "$work/glibc" "$work/kslab" > "$work/files.diff" 2>&1; then
        echo "result files differ:"
        sed -n '1,10p' "$work/files.diff"
        bad=1
    fi
    local logs=("$work/kslab.err")
    [[ ! -e $work/server.log ]] || logs+=("$work/server.log")
    local said
    said=$(reports "${logs[@]}")
    if [[ -n $said ]]; then
        printf 'kslab reported something:\n%s\n' "$(sed -n '1,20p' <<< "$said")"
        bad=1
    fi
    [[ -z $mode ]] || check_logs "$work/logs" || bad=1
    if ((bad)); then
        echo "--- standard error under kslab, last lines:"
        tail -n 20 "${logs[@]}" | cut -c1-500
        fail "not the same under kslab"
    fi
    echo "ok: $name: $(wc -c < "$work/kslab.out") bytes of output and $(find "$work/kslab" -type f | wc -l) files are the same"
    [[ -z $mode ]] || confirm_leaks
}
