# SPDX-License-Identifier: BSD-2-Clause
# coreutils and their neighbours: each tool does a little real work.
seq 1 2000 > n
sort -rn n | head -3
shuf -n 5 n | wc -l
split -l 500 n part.
ls part.*
cat part.* | cmp - n && echo same
md5sum n
sha256sum n | cut -c1-16
cut -c1 n | sort | uniq -c
tr 0-9 a-j < n | tail -1
paste n n | tail -1
join n n 2> /dev/null | wc -l
comm -12 n n 2> /dev/null | wc -l
fold -w 2 n | wc -l
tac n | head -1
nl n | tail -1
od -c n | head -1
expr 3 + 4
factor 360
base64 n | head -1
dd if=n of=m bs=100 count=3 2> /dev/null
wc -c m
truncate -s 10 m
stat -c %s m
touch -d 2001-02-03 m
date -u -r m +%F
cp -a n o
mv o p
ln p q
stat -c %h q
rm q
mkdir -p a/b/c
rmdir -p a/b/c
chmod 640 p
stat -c %a p
tee t < p | wc -l
test -f t && echo file
printf '%05d\n' 42
basename /x/y.c .c
realpath --relative-to="$PWD" n
install -m 755 p i
stat -c %a i
df . > /dev/null && echo df
timeout 0.2 sleep 5
echo $?
env -i A=b env
nohup true 2> /dev/null
echo $?
yes | head -2
find n m p part.* -type f | sort | xargs wc -c | tail -1
grep -c 7 n
sed -n '5,7p;s/9/x/w out' n
wc -l out
awk '{s+=$1} END {print s}' n
tar cf - n m | tar tf -
gzip -c n | gunzip | cmp - n && echo gz
diff n part.aa | wc -l
ls -l | cut -c1-10
