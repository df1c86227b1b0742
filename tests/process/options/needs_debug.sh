#!/bin/bash
# An option that only debugging obeys says that it does nothing, unless debugging is on or was switched off on purpose.
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
says() {
    local expected=$1 said
    shift
    said=$(env "$@" LD_PRELOAD="$TEST_LIB" true 2>&1)
    [ "$said" = "$expected" ] || { echo "FAILED: $*: $said" >&2; exit 1; }
}
for option in EXITCODE=3 LEAK_EXITCODE=4 VALIDATE=100 SIGNAL=12 LEAKS=live ON_ERROR=abort GUARD=exact GUARD_SITE=0 QUARANTINE=1M \
    REPORT_LIMIT=3 DEBUG_EXE=true GUARD_MEMORY=1M; do
    says "kslab: KSLAB_${option%=*} does nothing without KSLAB_DEBUG" "KSLAB_$option"
    says '' "KSLAB_$option" KSLAB_DEBUG=0
    [ "$option" = LEAKS=live ] || says '' "KSLAB_$option" KSLAB_SAMPLE_GUARD=100000
done
says $'kslab: KSLAB_EXITCODE does nothing without KSLAB_DEBUG\nkslab: KSLAB_SIGNAL does nothing without KSLAB_DEBUG' \
    KSLAB_SIGNAL=12 KSLAB_EXITCODE=3
says '' KSLAB_EXITCODE= KSLAB_LOG=nowhere/at.all
says '' KSLAB_EXITCODE=3 KSLAB_LEAK_EXITCODE=4 KSLAB_DEBUG=FZP
says "kslab: KSLAB_SLABINFO_SIGNAL does nothing without KSLAB_SLABINFO" KSLAB_SLABINFO_SIGNAL=10
says "" KSLAB_SLABINFO_SIGNAL=10 KSLAB_SLABINFO=/dev/null
exit 0
