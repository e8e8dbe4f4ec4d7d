# SPDX-License-Identifier: BSD-2-Clause
# ed, vim, sed -i, less, patch-like work: files that are replaced while they are read.
export TMPDIR="$PWD"
seq 1 200 > n
printf '1,5d\n/50/s/5/five-/\n$a\nlast\n.\nw\nq\n' | ed -s n
wc -l n; sed -n 46p n; tail -1 n
vim -u NONE -N -es -c '%s/1/one/g' -c 'w out' -c 'qa!' n < /dev/null; echo vim $?
head -3 out
vim -u NONE -N -es -c 'normal! ggdG' -c 'call setline(1, range(1, 5))' -c 'sort! n' -c 'wq' fresh < /dev/null
cat fresh
vim -u NONE -N -es -c '%!sort -rn' -c 'wq' n < /dev/null; head -2 n
sed -i.bak -e 's/^/x/' -e '2q' fresh; cat fresh fresh.bak
less n | head -3
LESS= less -N n < /dev/null | wc -l
more n | tail -1
diff -u fresh fresh.bak | sed '1,2d'
tee a b < fresh > /dev/null; cmp a b && echo tee
perl -pi -e 's/x/y/g' fresh; cat fresh
ls | sort
