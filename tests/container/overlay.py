#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""overlay.py SELKIE OPTIONS PROGRAMS: root file systems in layers.

A program that changes files which were there before does the same as natively, and the lower layer stays what it was.
Containers on one layer do not see each other's writes; a container's own layer lasts as long as it does."""
import hashlib
import os
import shutil
import stat
import subprocess
import sys

from managed import Managed, check, eventually, finish

BIG = 48 << 20


def write(folder, path, content, mode=0o644):
    whole = os.path.join(folder, path)
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    with open(whole, "wb") as file:
        file.write(content)
    os.chmod(whole, mode)


def tree_make(folder):
    """What layers.c expects."""
    for path in ("d/f", "d/appended", "d/cut", "d/shorter", "d/sub/x", "stay", "gone", "tree/one", "tree/two",
                 "deep/a/b/c/d", "deep/a/b/file", "r/one", "r/two", "r/sub/x", "r/swap1", "r/swap2", "l/a", "t/mode",
                 "t/mode2", "t/times", "t/kept"):
        write(folder, path, b"lower " + path.encode())
    for path in ("tree/sub", "t/dir"):
        os.mkdir(os.path.join(folder, path))
    for i in range(300):
        write(folder, f"many/{i}", b"")
    for path, target in (("link", "stay"), ("dlink", "d"), ("dangling", "nothing"), ("loop", "loop"), ("deep/up", ".")):
        os.symlink(target, os.path.join(folder, path))
    write(folder, "big", pattern())
    with open(os.path.join(folder, "sparse"), "wb") as file:
        file.seek(32 << 20)
        file.write(b"data")
        file.truncate(64 << 20)


def pattern():
    """As in layers.c: the low byte of 7 * at + at / 4096, which begins anew after a MiB."""
    period = bytearray()
    for page in range(256):
        period += bytes(((page * 4096 + i) * 7 + page) & 255 for i in range(256)) * 16
    return bytes(period) * (BIG >> 20)


def sum_of(folder):
    """All names, kinds, modes, times and contents in it."""
    digest = hashlib.sha256()
    for above, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(folders + files) + ["."]:
            path = os.path.join(above, name)
            status = os.lstat(path)
            digest.update(f"{path} {status.st_mode:o} {status.st_uid} {status.st_mtime_ns} {status.st_size}".encode())
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    digest.update(file.read())
            elif stat.S_ISLNK(status.st_mode):
                digest.update(os.readlink(path).encode())
    return digest.hexdigest()


def compare(m, programs):
    """The same program natively, in a copy, and inside."""
    lower, copy = m.path("lower"), m.path("copy")
    os.mkdir(lower)
    tree_make(lower)
    shutil.copy(os.path.join(programs, "container_layers"), lower)
    subprocess.run(["cp", "-a", "--sparse=always", lower, copy], check=True)
    before = sum_of(lower)
    native = subprocess.run(["./container_layers"], cwd=copy, capture_output=True, timeout=60)
    inside = m.command("run", f"--rootfs={lower}:O", "--workdir=/", "/container_layers")
    expected, got = native.stdout.decode().splitlines(), inside.stdout.decode().splitlines()
    if native.returncode or not expected:
        print("natively:", native)
    wrong = [pair for pair in zip(expected + [""] * len(got), got + [""] * len(expected)) if pair[0] != pair[1]]
    check("as natively", not wrong and inside.returncode == 0, (wrong[:20], inside.stderr))
    check("the lower layer is what it was", sum_of(lower) == before)
    got = m.command("run", f"--rootfs={lower}:O", "/container_layers", "served")
    check("others are served while a large file is copied", got.returncode == 0, got)
    check("nothing is left", not os.listdir(m.path("STATE_HOME", "selkie/containers")))
    return lower


def shell(m, base, script, *options):
    return m.command("run", f"--rootfs={base}:O", *options, "--", "sh", "-c", script)


def by_hand(m):
    """Debian's programs on the host's root directory, of which nothing changes."""
    got = shell(m, "/", "echo x > /etc/new && rm /etc/passwd && cat /etc/new; ls /etc/passwd; ls -a /etc | grep '[.]wh'")
    check("the host's root", got.stdout == b"x\n" and os.path.exists("/etc/passwd") and not os.path.exists("/etc/new"), got)
    got = shell(m, "/", "mv /usr/share/doc/base-files /moved && ls /moved | grep -c copyright; "
                        "ls -d /usr/share/doc/base-files; rm -r /moved && ls -d /moved")
    check("a lower directory is moved", got.stdout == b"1\n", got)
    got = shell(m, "/", "cp -a /usr/share/base-files /etc/copied && diff -r /usr/share/base-files /etc/copied && echo same; "
                        "rm -rf /usr/share/base-files && mkdir /usr/share/base-files && ls -A /usr/share/base-files | wc -l; "
                        "touch /.wh.bin; ls /bin/sh")
    check("an opaque directory, a reserved name", got.stdout == b"same\n0\n/bin/sh\n" and b"Invalid" in got.stderr, got)
    got = shell(m, "/", "mkdir /x && cd /x && chown 77:78 . && touch a && chown 7:8 a && chmod 4755 a && ln a b && "
                        "ln -s a c && chown -h 5:6 c && mv a d && tar cf t b c d && mkdir out && tar xpf t -C out && "
                        "stat -c '%n %u %g %a %h' . out/* && cp -p d e && stat -c '%u %a' e && chown 1 e && stat -c %a e")
    check("owners", got.stdout == b". 77 78 755 4\nout/b 7 8 4755 2\nout/c 5 6 777 1\nout/d 7 8 4755 2\n7 4755\n755\n"
          or got.stdout.replace(b"755 3\n", b"755 4\n", 1).startswith(b". 77 78 755"), got)
    got = shell(m, "/", "touch /mine && stat -c '%u %g' /mine && chown 0 /mine", "--user=77:78")
    check("files of a user", got.stdout == b"77 78\n" and b"not permitted" in got.stderr, got)


HOST = ("--volume=/usr:/usr:ro", "--volume=/lib64:/lib64:ro", "--volume=/lib:/lib:ro", "--", "/usr/bin/sh", "-c")


def set_user_id(m):
    got = shell(m, "/", "cp /usr/bin/id /id && chown 5:6 /id && chmod 6755 /id && "
                        "python3 -c 'import os; os.setgid(78); os.setuid(77); os.system(\"/id -u; /id -g; /id -ru; id -u\")'")
    check("set-user-id", got.stdout == b"5\n6\n77\n77\n", got)


def two_at_once(m, lower):
    """Each has a layer of its own; a restart finds it again; rm removes it."""
    m.command("run", "-d", "--name=one", f"--rootfs={lower}:O", "--restart=on-failure:2", *HOST,
              "if [ -e /mark ]; then read a < /mark; echo again $a; else echo one > /mark; echo first; exit 3; fi")
    got = m.command("wait", "one")
    check("a restart finds its files", m.command("logs", "one").stdout == b"first\nagain one\n",
          (got, m.command("logs", "one")))
    got = m.command("run", f"--rootfs={lower}:O", *HOST, "read a < /mark")
    check("another does not see them", got.returncode == 2, got)
    upper = m.path("STATE_HOME", "selkie/containers/one/upper/mark")
    m.command("run", "-d", "--name=two", f"--rootfs={lower}:O", *HOST, "echo two > /mark; rm /stay; exec /usr/bin/sleep 50")
    sees = lambda: m.command("exec", "two", "/usr/bin/sh", "-c", "read a < /mark; echo $a; [ -e /stay ] || echo gone")
    check("exec has its files", eventually(lambda: sees().stdout == b"two\ngone\n"), sees())
    m.command("rm", "-f", "two")
    check("they lie with the container", os.path.exists(upper))
    check("rm", m.command("rm", "one").returncode == 0 and eventually(lambda: not os.path.exists(upper)))
    check("nor in the lower layer", not os.path.exists(os.path.join(lower, "mark")))


def processes(m, lower):
    """What one process knows of directories, another may have changed; many change the same ones at once."""
    script = ("[ -e /d/f ] && [ -e /tree/one ] && [ -e /deep/a/b/c/d ] && cd /usr && "
              "sh -c 'echo x > /d/new; rm -r /tree; mkdir /tree; mv /r /s || echo exdev; rm -r /deep/a; mkdir -p /deep/a/b/c' && "
              "[ -e /d/new ] && ! [ -e /tree/one ] && [ -d /tree ] && ! [ -e /deep/a/b/c/d ] && "
              "echo y > /deep/a/b/c/new && sh -c 'rm -r /deep' && ! [ -e /deep/a ] && ! [ -e /deep ] && echo seen")
    got = m.command("run", f"--rootfs={lower}:O", "--env=PATH=/usr/bin", *HOST, script)
    check("changes of other processes are seen", got.stdout.endswith(b"seen\n"), got)
    script = ("for p in 1 2 3 4; do (for i in 1 2 3 4 5 6 7 8; do rm -rf /tree /d/sub; mkdir -p /tree/sub/x /d/sub; "
              "echo $p > /tree/sub/f; mv /tree/sub/f /d/sub/f$p; echo x >> /many/$i; ls /tree /d/sub; done) & done > /log 2>&1; wait; "
              "rm -rf /tree; mkdir /tree; ls -A /tree; cat /many/1 | wc -l; ls -A / | grep -c wh")
    got = m.command("run", f"--rootfs={lower}:O", "--env=PATH=/usr/bin", *HOST, script, timeout=120)
    check("many at once", got.stdout == b"4\n0\n" and b"linux:" not in got.stderr, got)


def hostile(m):
    """A lower layer with names that mean something in the upper one, and links that lead out."""
    lower = m.path("hostile")
    os.mkdir(lower)
    write(lower, "a", b"a")
    write(lower, ".wh.a", b"")
    write(lower, "d/.wh..wh..opq", b"")
    write(lower, "d/x", b"x")
    os.symlink(m.path("outside"), os.path.join(lower, "out"))
    os.symlink("../" * 20 + m.path("outside")[1:], os.path.join(lower, "up"))
    os.mkdir(m.path("outside"))
    script = ("cat /a; echo; ls -A / /d; echo b > /a; cat /a; rm /a; ls /a; "
              "echo x > /out/x; echo x > /up/x; mkdir -p /up; ls /d/x; rm /d/x; rmdir /d; ls /d")
    got = m.command("run", f"--rootfs={lower}:O", *HOST, script)
    text = got.stdout.decode()
    check("names of whiteouts in the lower layer", text.startswith("a\n") and ".wh" not in text and "b\n" in text
          and "/d/x" in text, got)
    check("links lead nowhere", not os.listdir(m.path("outside")))


def main():
    selkie, options, programs = sys.argv[1:]
    with Managed(selkie, options) as m:
        lower = compare(m, programs)
        by_hand(m)
        set_user_id(m)
        two_at_once(m, lower)
        processes(m, lower)
        hostile(m)
    finish()


main()
