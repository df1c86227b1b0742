# shellcheck shell=bash
# heaptrack preloads itself in front of whatever malloc there is and passes the calls on.
#
# tier: all
# timeout: 120
# packages: heaptrack perl
# commands: heaptrack heaptrack_print perl

# With its window installed, heaptrack opens that at the end and waits for a person.
have() {
    reason='heaptrack-gui is installed and would open a window'
    ! type -P heaptrack_gui > /dev/null
}

proof() { binds "$(type -P perl)"; }

prepare() {
    cat > work.pl << 'END'
my %h; for my $i (1 .. 20000) { push @{$h{$i % 997}}, 'x' x ($i % 70); }
my $n = 0; for my $k (sort keys %h) { $n += length for @{$h{$k}}; }
open my $maps, '<', '/proc/self/maps'; my @libs = grep { m{/libheaptrack_preload} } <$maps>;
print "$n ", scalar(@libs) > 0 ? "tracked" : "not tracked", "\n";
END
}

workload() {
    # Its wrapper sets LD_PRELOAD itself and keeps what was there.
    heaptrack -o "$work/trace" perl "$work/input/work.pl" > log.txt 2>&1
    grep -E '^[0-9]+ (not )?tracked' log.txt
    # The number of allocations is the program's, whoever serves them.
    heaptrack_print -f "$(ls "$work"/trace.*)" 2> /dev/null > report.txt
    grep -E -c '^calls to allocation functions: [1-9]' report.txt
    rm -f log.txt report.txt "$work"/trace.*
}
