# shellcheck shell=bash
# stress-ng's malloc stressors: threads and processes that allocate, reallocate, free and verify
# what they wrote, and that live with failing allocations.
#
# tier: all
# timeout: 150
# packages: stress-ng
# commands: stress-ng

prepare() { :; }

stress() { stress-ng --temp-path "$TMPDIR" --verify --no-rand-seed --oomable "$@" 2>&1; }

# What must be the same is the verdict; its lines carry process ids and times.
verdict() { grep -E -o '(successful run completed|unsuccessful|fail: .*|passed: [0-9]+.*|failed: [0-9]+)' || true; }

workload() {
    stress --malloc 2 --malloc-bytes 64M --malloc-max 20000 --timeout 6 | verdict
    stress --malloc 1 --malloc-bytes 64M --malloc-pthreads 3 --malloc-thresh 32K --timeout 5 | verdict
    stress --malloc 1 --malloc-bytes 256M --malloc-touch --malloc-zerofree --timeout 4 | verdict
    # Processes that die in the middle of an allocation, and a heap that grows by realloc.
    stress --bigheap 1 --bigheap-growth 1M --bigheap-ops 300 --timeout 10 | verdict
    stress --fork 1 --fork-ops 300 --pthread 1 --pthread-ops 2000 --tree 1 --tree-ops 3 --timeout 10 | verdict
}
