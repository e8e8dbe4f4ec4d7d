# SPDX-License-Identifier: BSD-2-Clause
# sh, busybox and bash: pipes, redirection, background jobs, command substitution; perl.
echo one > a && echo two >> a && cat < a | tr a-z A-Z 2>&1
x=$(echo "$(cat a)" | wc -l)
echo "$x"
{ echo group; false; } | cat; (exit 3); echo $?
sleep 0.1 & wait && echo waited
for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
trap 'echo left' EXIT
busybox ls a
busybox seq 3 | busybox tac
busybox sh -c 'i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done; echo $(echo inner) | busybox wc -w'
bash -c 'a=(1 2 3); echo ${a[@]} $((2**10)); for i in {1..3}; do echo -n $i; done; echo
(echo sub; exit 3); echo $?
sleep 0.05 & jobs -p | wc -l; wait $!; echo waited $?
cat <<X
here $((1 + 1))
X
diff <(echo x) <(echo y)
echo piped | while read line; do echo "read $line"; done
mapfile -t lines < a; echo ${#lines[@]}
trap "echo trapped" TERM; kill -TERM $$; echo end'
perl -e 'use POSIX; my %h; $h{$_ % 7}++ for 1..1000; print join(",", map {"$_=$h{$_}"} sort keys %h), "\n";
open(F, ">pf"); print F "x" x 5000; close F; print -s "pf", "\n"; open(P, "-|", "echo child"); print <P>;
my $p = fork; exit 7 if !$p; waitpid $p, 0; print $? >> 8, "\n"; $SIG{ALRM} = sub { print "alarm\n" };
alarm 1; pause; print join(" ", map { sprintf "%x", $_ } unpack("C*", "az")), "\n"'
