# Hashes of arrays of strings, sorting, splitting and matching: a log report. Argument: percentage of the work.
use strict;
use warnings;

my $rows = 2000 * shift;
my $seed = 1;
sub number { $seed = ($seed * 1103515245 + 12345) % 2147483648; return int($seed / 65536) % $_[0]; }

my (%by_user, $total);
for my $row (1 .. $rows) {
    my $line = join ' ', "host" . number(500), "user" . number(3000), "GET", "/path/" . number(10000) . "/" . "x" x number(60), number(600);
    my @fields = split / /, $line;
    push @{ $by_user{ $fields[1] } }, { host => $fields[0], path => $fields[3], status => $fields[4] };
}
for my $user (sort keys %by_user) {
    my @sorted = sort { $a->{path} cmp $b->{path} } @{ $by_user{$user} };
    $total += length join ',', map { uc $_->{path} } grep { $_->{path} =~ /7/ } @sorted;
    delete $by_user{$user} if @sorted % 2;
}
print "checksum $total\n";
