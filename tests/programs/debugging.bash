# shellcheck shell=bash
# A program's workload with KSLAB_DEBUG on: run NAME 1 or run NAME full. Sourced by run.
#
# On top of what lib.sh compares, no report but leaks is allowed, and leaks must be the truth:
# the driver's function leaks calls `confirm COMMAND...` for some representative commands, each
# of which runs once with kslab and once under memcheck. Both must lose the same bytes in as
# many blocks in the same executables.
#
# Reports go to files, one a process, so that the program's standard error stays its own.

debug_prepare() {
    mkdir -m 1777 "$work/logs" "$work/leaks"
    KSLAB_TEST_OPTIONS="KSLAB_DEBUG=$mode KSLAB_LOG=$work/logs/%e.%p.log ${KSLAB_TEST_OPTIONS-}"
}

# show_reports FILE...: the reports that are no leaks, whole; at most some lines of them.
show_reports() {
    awk '/^=+$/ { head = $0; next }
        /^BUG / { shown = !/: (Memory leak|Possible memory leak)$/; if (shown) print head }
        /^SUMMARY / { shown = 0 }
        shown || /^kslab:/' "$@" | sed -n 1,120p | cut -c1-300
}

# bugs FILE...: lines of kslab's that are neither leaks nor about them.
bugs() { grep -ahE '^(BUG |kslab:)' "$@" | grep -avE '^BUG .*: (Memory leak|Possible memory leak)$' || true; }

# log_files DIR: its logs, if any, into the array logs.
log_files() { mapfile -t logs < <(find "$1" -maxdepth 1 -name '*.log' | sort); }

check_logs() {
    local logs said
    log_files "$1"
    ((${#logs[@]})) || return 0
    said=$(bugs "${logs[@]}")
    [[ -z $said ]] && return 0
    printf 'KSLAB_DEBUG=%s reported what is no leak:\n%s\n' "$mode" "$(sed -n 1,20p <<< "$said")"
    show_reports "${logs[@]}"
    return 1
}

# What a process lost: "program bytes blocks", direct and indirect together, because which of
# several lost objects counts as the one that holds the others is a matter of taste.

lost_by_kslab() {
    local log
    for log in "$1"/*.log; do
        [[ -e $log ]] || continue
        # The file's name has the program's as the system cuts it; %e, a dot, the process, .log.
        awk -v program="$(basename "$log" | sed -E 's/\.[0-9]+\.log$//')" '
            /^  leaked(:| indirectly:) / { sub(/^[^:]*: /, ""); bytes += $1; blocks += $4 }
            END { if (blocks) print substr(program, 1, 15), bytes, blocks }' "$log"
    done | sort
}

lost_by_memcheck() {
    local log
    for log in "$1"/*.memcheck; do
        # A child that a process forked writes to the same file: it is not asked.
        awk -v process="==$(basename "$log" .memcheck)==" '
            $1 != process { next }
            / Command: / { program = $3; sub(/.*\//, "", program) }
            / (definitely|indirectly) lost: / { gsub(/,/, ""); bytes += $4; blocks += $7 }
            END { if (blocks) print substr(program, 1, 15), bytes, blocks }' "$log"
    done | sort
}

# confirm COMMAND...: see above. Its standard output is compared too.
confirm() {
    local place status=0 kslab_status=0
    place=$(mktemp -d "$work/leaks/XXXXXX")
    # shellcheck disable=SC2046 # a list of words
    (
        export -n $(compgen -e KSLAB_) _
        env KSLAB_DEBUG="$mode" KSLAB_LOG="$place/%e.%p.log" LD_PRELOAD="$KSLAB_LIB" "$@"
    ) > "$place/kslab.out" 2> "$place/kslab.err" < /dev/null || kslab_status=$?
    valgrind --leak-check=summary --run-libc-freeres=no --run-cxx-freeres=no --trace-children=yes \
        --soname-synonyms=somalloc="*jemalloc*" --log-file="$place/%p.memcheck" "$@" \
        > "$place/memcheck.out" 2> "$place/memcheck.err" < /dev/null || status=$?
    ((status == kslab_status)) ||
        fail "exit status $kslab_status with kslab, $status under memcheck: $*"
    cmp -s "$place/kslab.out" "$place/memcheck.out" || fail "kslab and memcheck differ in the output of: $*"
    # Where malloc is not libc's, memcheck has to be told whose it is. (A child like gzip may really need none.)
    [[ -n $(grep -L ' total heap usage: 0 allocs' "$place"/*.memcheck) ]] || fail "memcheck saw no allocation in: $*"
    check_logs "$place" || fail "a report while leaks were looked for: $*"
    lost_by_kslab "$place" > "$place/kslab.lost"
    lost_by_memcheck "$place" > "$place/memcheck.lost"
    if ! diff -u "$place/memcheck.lost" "$place/kslab.lost" > "$place/diff"; then
        echo "lost memory (program bytes blocks; - memcheck, + kslab), KSLAB_DEBUG=$mode, of: $*"
        sed -n '3,$p' "$place/diff"
        fail "leaks are not what memcheck says"
    fi
    confirmed=$((confirmed + 1)) lost=$((lost + $(wc -l < "$place/kslab.lost")))
}

confirm_leaks() {
    local confirmed=0 lost=0
    mkdir "$work/leaks/run"
    cd "$work/leaks/run" || return
    leaks
    step "leaks as memcheck finds them: $confirmed commands, $lost of their processes lose memory"
}
