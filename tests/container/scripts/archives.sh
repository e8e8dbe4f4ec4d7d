# SPDX-License-Identifier: BSD-2-Clause
# tar, gzip, bzip2, xz, cpio-like things, dpkg-deb: packed, listed, unpacked again with links, modes and times.
export TMPDIR="$PWD"
mkdir -p from/a/b from/empty
seq 1 50000 > from/numbers
head -c 300000 /usr/bin/gcc > from/binary
echo deep > from/a/b/deep
ln -s a/b/deep from/link
ln from/numbers from/hard
chmod 750 from/a; chmod 4755 from/binary
touch -d '2001-02-03 04:05:06 UTC' from/numbers from/a/b/deep
find from -exec touch -h -d '2001-02-03 04:05:06 UTC' {} +
for kind in gz bz2 xz; do
    command -v ${kind%.*} > /dev/null
    tar --sort=name --owner=0 --group=0 --numeric-owner -caf t.tar.$kind from && echo packed $kind
    mkdir to-$kind
    tar -C to-$kind -xaf t.tar.$kind && diff -r from to-$kind/from && echo same $kind
    find to-$kind -printf '%P %y %m %s %TY-%Tm-%Td %l\n' | grep -v ' d ' | sort
    stat -c '%h' to-$kind/from/numbers
done
tar -cf plain.tar -C from . && tar -rf plain.tar -C from numbers && tar -tvf plain.tar | wc -l
sha256sum < t.tar.gz > /dev/null && gzip -l t.tar.gz | wc -l
gzip -9 -c from/numbers | gzip -t && echo tested
xz -T2 -k -c from/numbers | xz -dc | cmp - from/numbers && echo threads
xz -l t.tar.xz | tail -1 | awk '{print $1, $2}'
bzip2 -k -c from/numbers | bunzip2 | cmp - from/numbers && echo bzip2
tar -xOf t.tar.xz from/a/b/deep
tar -cf - from | (mkdir pipe; cd pipe; tar -xf -); diff -r from pipe/from && echo through a pipe
mkdir -p package/DEBIAN package/usr/share/x
printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' > package/DEBIAN/control
cp from/numbers package/usr/share/x/
chmod -R go-w package
dpkg-deb --root-owner-group -b package x.deb > /dev/null && dpkg-deb -f x.deb Package Version
dpkg-deb -x x.deb unpacked && cmp unpacked/usr/share/x/numbers from/numbers && echo package
dpkg-deb -c x.deb | awk '{print $1, $2, $6}'
ar t x.deb
