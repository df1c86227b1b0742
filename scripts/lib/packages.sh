# shellcheck shell=bash
# Installing Debian packages, only when something is missing. Needs common.sh.
#
# packages_missing PKG...   prints those that are not installed
# packages_install PKG...   installs what is missing; 0 when all are there afterwards
# packages_hint PKG...      prints the command a person would type

: "${KSLAB_APT_LOG:=/dev/null}"

packages_missing() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            printf '%s\n' "$package"
    done
}

packages_hint() {
    local prefix=
    [[ $(id -u) == 0 ]] || prefix='sudo '
    printf '%sapt-get install %s\n' "$prefix" "$*"
}

# Runs a command as root; fails when that is not possible without a password prompt
# that nobody would answer.
packages_as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif ! command -v sudo > /dev/null; then
        return 1
    elif [[ -t 0 ]]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

packages_apt() {
    packages_as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        timeout --kill-after=10 900 \
        apt-get -y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 "$@" \
        >> "$KSLAB_APT_LOG" 2>&1 < /dev/null
}

# Server packages start their daemon when installed, on the standard port. Debian's way to
# prevent that is a policy script; one that exists already is the administrator's and stays.
packages_no_services() {
    [[ ! -e /usr/sbin/policy-rc.d ]] || return 1
    packages_as_root bash -c \
        'printf "#!/bin/sh\nexit 101\n" > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d' \
        > /dev/null 2>&1
}

# A subshell: its traps must not replace the caller's.
packages_install() (
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]})) || exit 0
    command -v apt-get > /dev/null || exit 1
    packages_as_root true 2> /dev/null || exit 1
    if packages_no_services; then
        trap 'packages_as_root rm -f /usr/sbin/policy-rc.d' EXIT
        trap 'exit 130' INT TERM HUP
    fi
    # Old package lists name versions that no longer exist: refresh once, on failure only.
    if ! packages_apt install --no-install-recommends "${missing[@]}"; then
        packages_apt update || true
        if ! packages_apt install --no-install-recommends "${missing[@]}"; then
            # One package that does not exist must not keep the others away.
            for package in "${missing[@]}"; do
                packages_apt install --no-install-recommends "$package" || true
            done
        fi
    fi
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]} == 0))
)
