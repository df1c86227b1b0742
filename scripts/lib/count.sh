# shellcheck shell=bash
# Counting results over several ctest runs. Needs common.sh; the caller defines note.

passed=0 failed=0 skipped=0
failures=()
skips=()

count_pass() {
    passed=$((passed + 1))
    note "$1"
}

count_failure() {
    failed=$((failed + 1))
    failures+=("$1")
    note "FAILED: $1"
}

count_skip() {
    skipped=$((skipped + 1))
    skips+=("$1")
    note "$1"
}

# run_ctest DIR OPTION...: counts from the JUnit file that ctest writes, one line a test case.
run_ctest() {
    local dir=$1 status=0 bad=0 name state reason
    shift
    local xml=$KSLAB_ROOT/$dir.junit.xml
    rm -f "$xml"
    ctest --test-dir "$dir" --output-on-failure --no-tests=ignore --output-junit "$xml" "$@" \
        < /dev/null || status=$?
    if [[ ! -s $xml ]]; then
        count_failure "$dir: ctest ended with status $status and no results"
        return
    fi
    while IFS=$'\t' read -r state name reason; do
        case $state in
            run) passed=$((passed + 1)) ;;
            skip)
                skipped=$((skipped + 1))
                skips+=("NOT RUN: $dir: $name: $reason")
                ;;
            *)
                bad=$((bad + 1))
                failed=$((failed + 1))
                failures+=("$dir: $name (its output is above; again: scripts/test --only '$name')")
                ;;
        esac
    done < <(junit_cases "$xml")
    # A failure that the file does not show must not be lost.
    if ((status != 0 && bad == 0)); then
        count_failure "$dir: ctest ended with status $status"
    fi
}

# junit_cases FILE: state, name and reason of each test, separated by tabs. Skipped is only what
# says so by its exit status or output, or is disabled; a test whose program is missing, say, or
# whose fixture failed is "notrun" for ctest as well, and has failed for us. GoogleTest says the
# reason on the line after "FILE:LINE: Skipped".
junit_cases() {
    awk '
        function plain(s) {
            gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s)
            gsub(/&apos;/, "\047", s); gsub(/&amp;/, "\\&", s)
            return s
        }
        /<testcase / {
            name = $0; sub(/.*<testcase name="/, "", name); sub(/".*/, "", name)
            state = $0; sub(/.* status="/, "", state); sub(/".*/, "", state)
            reason = state == "disabled" ? "disabled" : "it said nothing"
            if (state == "disabled") state = "skip"
        }
        /<skipped message="SKIP_/ { state = "skip" }
        gtest { reason = $0; gtest = 0 }
        /: Skipped$/ { gtest = 1 }
        match($0, /(NOT RUN|skipped|SKIPPED): */) { reason = substr($0, RSTART + RLENGTH); sub(/<\/system-out>.*/, "", reason) }
        /<\/testcase>/ { printf "%s\t%s\t%s\n", state, plain(name), plain(reason) }
    ' "$1"
}

# The list of what went wrong and of what did not run, then the one line that others read.
summary() {
    local line
    echo
    note "finished"
    for line in "${skips[@]}"; do printf '%s\n' "$line"; done
    for line in "${failures[@]}"; do printf 'FAILED: %s\n' "$line"; done
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    ((failed == 0))
}
