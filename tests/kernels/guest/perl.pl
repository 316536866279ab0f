# SPDX-License-Identifier: MIT
# Expressions, sorting, a caught exception and a signal, in perl.
my %count;
$count{length $_}++ for @ARGV, map { "x" x ($_ % 7) } 1 .. 1000;
print join(",", map {"$_=$count{$_}"} sort { $a <=> $b } keys %count), "\n";
$SIG{ALRM} = sub { die "signal\n" };
eval { kill ALRM => $$; 1 } or print "caught $@";
(my $text = "@ARGV") =~ s/(\w+)/\u$1/g;
printf "%s %.6f\n", $text, atan2(1, 1);
exit 4;
