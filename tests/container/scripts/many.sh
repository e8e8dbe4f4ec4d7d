# SPDX-License-Identifier: BSD-2-Clause
# Many files and many processes: find, xargs, make -j, perl, background jobs, recursive work.
for i in $(seq 1 40); do mkdir -p tree/$((i % 7))/$i; for j in 1 2 3 4 5; do echo $i $j > tree/$((i % 7))/$i/f$j; done; done
find tree -type f | wc -l
find tree -type f -print0 | xargs -0 -n 10 -P 4 cat | sort -n | sha256sum
find tree -name 'f[13]' -exec grep -l '^2' {} + | sort | wc -l
find tree -type f -newer tree/0/7/f1 | wc -l > /dev/null
find tree -depth -name f5 -delete; find tree -type f | wc -l
find tree -type d -empty | wc -l
seq 1 60 | xargs -P 8 -I{} sh -c 'echo {} > out.{}'; cat out.* | sort -n | sha256sum
grep -r --include='f1' -h . tree | sort -n | tail -1
du -a tree | wc -l
rm -r tree; ls
{
    echo 'all: $(addprefix o,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)'
    printf '\tcat o* | sort -n | tail -2\n'
    printf 'o%%:\n\tsleep 0.01; expr $* \\* $* > $@\n'
} > Makefile
make -s -j4
make -j4 | tail -1
perl -e 'my @p; for my $i (1..10) { my $p = fork; if (!$p) { exit $i } push @p, $p }
    my $s = 0; for (@p) { waitpid $_, 0; $s += $? >> 8 } print "$s\n"'
perl -e 'open my $f, "-|", "seq 1 1000" or die; my $s; $s += $_ while <$f>; close $f; print "$s\n"'
perl -e 'my %h; $h{$_ % 97} .= $_ for 1..20000; print length(join "", map { $h{$_} } sort keys %h), "\n"'
perl -MIO::Socket::UNIX -MSocket -e 'socketpair my $a, my $b, AF_UNIX, SOCK_STREAM, 0; if (!fork) { print $b "x" x 200000; exit }
    close $b; my $t = do { local $/; <$a> }; print length $t, "\n"'
for i in 1 2 3 4 5 6 7 8; do (sleep 0.0$i; echo done $i) & done | sort
wait
sh -c 'trap "echo trapped; exit 5" TERM; kill -TERM $$; sleep 1'; echo $?
timeout -s INT 0.2 sh -c 'trap "echo interrupted; exit 6" INT; while :; do sleep 0.05; done'; echo $?
mkfifo pipe; (cat pipe | wc -c) & head -c 300000 /dev/zero > pipe; wait
flock lock sh -c 'flock -n lock true || echo locked'
nice -n 5 true; echo $?
