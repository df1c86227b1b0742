#!/usr/bin/env bash
# demo.sh LIBRARY: real programs, once with glibc's malloc and once with kslab, side by side.
# Each program measures itself (CPU time, peak memory) and says which malloc the loader gave it,
# so that nothing but the program is needed.
set -euo pipefail

lib=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/demo.py" << 'END'
# Builds, writes, reads back and sorts a few hundred thousand JSON records.
import json, sys, time
rows = [{"id": i, "name": "row-%d" % (i * 7919 % 100003), "tags": [str(i % k) for k in range(1, 9)]}
        for i in range(60000)]
text = json.dumps(rows)
total = 0
for _ in range(3):
    back = json.loads(text)
    back.sort(key=lambda row: row["name"])
    total += sum(len(row["name"]) for row in back)
elapsed = time.process_time()
print("answer=%d" % total)
status = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
lib = next((line.split()[-1] for line in open("/proc/self/maps") if "kslab" in line.split()[-1]), "-")
print("%.2f %s %s" % (elapsed, status, lib), file=sys.stderr)
END

cat > "$work/demo.pl" << 'END'
# A word index: hashes of arrays of strings, built, sorted and thrown away several times.
use strict; use warnings;
my $sum = 0; my $seed = 42;
for my $round (1 .. 4) {
    my %index;
    for my $i (1 .. 120000) {
        $seed = ($seed * 1103515245 + 12345) % 2147483648;
        push @{$index{"word" . $seed % 30011}}, "line $i of round $round";
    }
    for my $word (sort keys %index) { $sum += length($word) * @{$index{$word}}; }
}
my ($user, $system) = times;
my $elapsed = $user + $system;
print "answer=$sum\n";
open(my $status, '<', '/proc/self/status') or die; my ($peak) = join('', <$status>) =~ /VmHWM:\s+(\d+)/;
open(my $maps, '<', '/proc/self/maps') or die; my ($lib) = join('', <$maps>) =~ m{(/\S*kslab\S*)};
printf STDERR "%.2f %s %s\n", $elapsed, $peak, $lib // '-';
END

# Python serves small objects from an allocator of its own unless told to use malloc.
export PYTHONMALLOC=malloc
printf '%-26s %-8s %9s %11s  %s\n' program malloc 'CPU (s)' 'peak (MB)' 'library mapped in the process'

row() {
    local title=$1 name preload seconds kilobytes mapped
    shift
    for name in glibc kslab; do
        preload=
        [[ $name == glibc ]] || preload=$lib
        if ! env LD_PRELOAD="$preload" "$@" > "$work/$name.out" 2> "$work/$name.err"; then
            tail -n 5 "$work/$name.err" >&2
            return 1
        fi
        read -r seconds kilobytes mapped < <(tail -n 1 "$work/$name.err")
        printf '%-26s %-8s %9s %11s  %s\n' "$title" "$name" "$seconds" "$((kilobytes / 1024))" "$mapped"
        title=
    done
    if ! cmp -s "$work/glibc.out" "$work/kslab.out"; then
        echo "the program's output differs under kslab" >&2
        return 1
    fi
    if [[ $mapped == - && $lib == *kslab* ]]; then
        echo "kslab is not mapped in the process" >&2
        return 1
    fi
}

# The system's own interpreters: what a version manager puts in front may be a wrapper script.
PATH=/usr/bin:/bin:$PATH
! command -v python3 > /dev/null || row 'python3: JSON, sorting' python3 "$work/demo.py"
! command -v perl > /dev/null || row 'perl: word index' perl "$work/demo.pl"

cat << END

The outputs were the same. Try it on a program of yours:
  scripts/run PROGRAM ARGS...
END
