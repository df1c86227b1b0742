# shellcheck shell=bash
# Perl: hashes of arrays, regular expressions, sorting, string growth, closures, and threads,
# each of which copies the whole interpreter.
#
# tier: full
# timeout: 120
# debug-timeout: 300
# packages: perl
# commands: perl

prepare() {
    cat > work.pl << 'END'
use strict; use warnings;
my ($seed, %index, @lines) = (7);
sub rnd { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed % $_[0]; }

for my $i (1 .. 120000) {
    my $word = join '', map { chr(97 + rnd(26)) } 1 .. 2 + rnd(6);
    push @{$index{$word}}, $i;
    push @lines, "$word=" . ('v' x rnd(60)) . ";$i";
}
printf "%d words\n", scalar keys %index;
my @top = sort { @{$index{$b}} <=> @{$index{$a}} || $a cmp $b } keys %index;
print "$_ @{$index{$_}}[0 .. 1]\n" for @top[0 .. 9];

my ($matches, $changed) = (0, '');
for (@lines) {
    $matches++ if /^([aeiou]\w*)=(v{3,20});(\d+)$/;
    (my $copy = $_) =~ s/(\w)(\w)/$2$1/g;
    $changed .= substr($copy, 0, 3);
}
print "$matches ", length $changed, ' ', unpack('%32C*', $changed), "\n";

# Cycles, closures and nested structures, dropped again and again.
my $sum = 0;
for my $round (1 .. 60) {
    my @nodes = map { { id => $_, next => undef, data => [1 .. 20] } } 1 .. 400;
    $nodes[$_]{next} = $nodes[$_ + 1] for 0 .. $#nodes - 1;
    my @subs = map { my $n = $_; sub { $n * $_[0] } } 1 .. 400;
    $sum += $subs[$_]->($round) + @{$nodes[$_]{data}} for 0 .. 399;
}
print "$sum\n";
print join(',', (split /[,;:]/, join ';', 1 .. 50000)[10, 20000, 49999]), "\n";
my $text = sprintf '%s' x 1000, map { pack 'NnC', $_, $_ % 65536, $_ % 256 } 1 .. 1000;
print unpack('%32C*', $text x 200), "\n";
END
    cat > threads.pl << 'END'
use strict; use warnings; use threads; use threads::shared; use Thread::Queue;
my $queue = Thread::Queue->new; my $total :shared = 0;
my @workers = map { threads->create(sub {
    while (defined(my $n = $queue->dequeue)) {
        my %h = map { $_ => 'x' x ($_ % 50) } 1 .. $n;
        my $length = 0; $length += length for values %h;
        lock $total; $total += $length;
    }
}) } 1 .. 4;
$queue->enqueue($_) for 1 .. 400;
$queue->end; $_->join for @workers;
# Threads that come and go, and values that travel between them.
my @sums = map { threads->create(sub { my $s = 0; $s += $_ for 1 .. $_[0]; return [$s, 'y' x ($s % 1000)] }, $_)->join->[0] } 1 .. 60;
print "$total @sums\n";
END
}

workload() {
    perl "$work/input/work.pl"
    if perl -MConfig -e 'exit !$Config{useithreads}'; then perl "$work/input/threads.pl"; fi
}

leaks() {
    # Perl frees its interpreter at exit only when asked to: what it loses is what it is.
    confirm perl -e 'my %h = map { $_ => [1 .. $_] } 1 .. 99; print scalar %h, "\n"; print join(",", sort keys %h) =~ /9+/'
    confirm perl -Mthreads -e 'print map { threads->create(sub { "$_[0] " x 3 }, $_)->join } 1 .. 4'
}
