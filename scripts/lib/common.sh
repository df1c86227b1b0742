# shellcheck shell=bash
# Helpers that every script shares: where the tree is, messages, paths.
# Sourced, never run. Messages go to stderr: stdout belongs to results.

KSLAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# The name that messages carry; a script may set it before its first message.
: "${KSLAB_SELF:=${0##*/}}"

say() { printf '%s: %s\n' "$KSLAB_SELF" "$*" >&2; }

# die [-STATUS] MESSAGE
die() {
    local status=1
    if [[ $1 == -[0-9]* ]]; then
        status=${1#-}
        shift
    fi
    say "$*"
    exit "$status"
}

# absolute PATH: PATH made absolute without resolving links (soname links matter).
absolute() {
    case $1 in
        /*) printf '%s\n' "$1" ;;
        *) printf '%s/%s\n' "$PWD" "$1" ;;
    esac
}

# minutes SECONDS: 75 -> 1m15s
minutes() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }
