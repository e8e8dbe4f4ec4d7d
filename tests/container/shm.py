#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""shm.py SELKIE OPTIONS: /dev/shm is a container's own, of limited size, and gone with it; files that processes hand
to each other; terminals that programs make; Unix sockets, which are a container's own, too."""
import os
import signal
import sys

from managed import Managed, check, finish

FILL = """
import mmap, os
fd = os.open("/dev/shm/large", os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, 64 << 20)
m = mmap.mmap(fd, 64 << 20)
for i in range(0, 64 << 20, 4096):
    m[i] = 1
"""

PROCESSES = """
import multiprocessing as mp, os, socket
from multiprocessing import reduction, shared_memory

def reader(connection):
    handle = reduction.recv_handle(connection)
    connection.send(os.read(handle, 100))

def adder(name):
    memory = shared_memory.SharedMemory(name=name)
    memory.buf[0] += 1
    memory.close()

if __name__ == "__main__":
    here, there = mp.Pipe()
    child = mp.Process(target=reader, args=(there,))
    child.start()
    end, other = os.pipe()
    os.write(other, b"through the pipe")
    reduction.send_handle(here, end, child.pid)
    print(here.recv())
    child.join()
    memory = shared_memory.SharedMemory(create=True, size=100)
    memory.buf[0] = 41
    child = mp.Process(target=adder, args=(memory.name,))
    child.start()
    child.join()
    print(memory.buf[0], child.exitcode)
    memory.close()
    memory.unlink()
    with mp.Pool(2) as pool:
        print(pool.map(abs, [-1, 2, -3]))
"""

SPAWN = """
import os, pty
print(os.waitstatus_to_exitcode(pty.spawn(["/bin/sh", "-c", "tty; exit 3"])))
"""


# Its server gets the client's terminal by a message.
TMUX = '''
export TERM=xterm LC_ALL=C.UTF-8 TMUX_TMPDIR=/mnt
tmux -f /dev/null new-session -d -x 80 -y 24 -s one sh || exit 1
tmux send-keys -t one 'echo $((6 * 7))' Enter 'sleep 100' Enter
sleep 1
tmux send-keys -t one C-c 'echo status $?' Enter
for i in 1 2 3 4 5 6 7 8 9 10; do
    tmux capture-pane -p -t one | grep -Eq '^(# )?status 130' && break
    sleep 0.5
done
tmux capture-pane -p -t one | grep -E '^(# )?(42|status)'
tmux kill-server
'''

CONNECT = '''
import os, socket, sys
for name in ("/mnt/socket", "\\0abstract"):
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(name)
        client.send(b"x")
        print(client.recv(10), client.getpeername() == name.encode()[:1] + name.encode()[1:] or client.getpeername() == name)
    except OSError as error:
        print(error.errno)
'''

LISTEN = '''
import os, socket
listeners = []
for name in ("/mnt/socket", "\\0abstract"):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name)
    listener.listen()
    listeners.append(listener)
open("/dev/shm/ready", "w").write("yes")
while True:
    for listener in listeners:
        peer, _ = listener.accept()
        peer.send(peer.recv(10) * 2)
'''


def sockets(m):
    os.mkdir(m.path("mnt"))
    volume = f"--volume={m.path('mnt')}:/mnt"
    m.command("run", "-d", "--name", "serves", "--rootfs=/:ro", volume, "/usr/bin/python3", "-c", LISTEN)
    m.command("exec", "serves", "/bin/sh", "-c", "until [ -s /dev/shm/ready ]; do sleep 0.1; done")
    got = m.command("exec", "serves", "/usr/bin/python3", "-c", CONNECT)
    check("Unix sockets", got.stdout == b"b'xx' True\n" * 2, got)
    got = m.command("run", "--rootfs=/:ro", volume, "/usr/bin/python3", "-c", CONNECT)
    check("not another container's", got.stdout == b"111\n" * 2, got)
    code = "import socket; socket.socket(socket.AF_INET)"
    got = m.command("run", "--rootfs=/:ro", "/usr/bin/python3", "-c", code)
    check("no others", b"PermissionError" in got.stderr, got)
    m.command("rm", "-f", "serves")


def memory(m):
    run = lambda *words: m.command("run", "--rootfs=/:ro", *words)
    got = run("/bin/sh", "-c", "ls -A /dev/shm; stat -c %a%F /dev/shm")
    check("empty at first", got.stdout == b"1777directory\n", got)
    got = run("--shm-size=2M", "/bin/sh", "-c", "cat /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x")
    check("of limited size", got.stdout == b"2097152\n" and b"No space" in got.stderr, got)
    got = run("--shm-size=2M", "/usr/bin/python3", "-c", FILL)
    check("mapped, too", got.returncode == 128 + signal.SIGBUS, got)
    got = run("--shm-size=0", "/bin/ls", "/dev/shm")
    check("none", got.returncode == 2, got)
    check("no size", run("--shm-size=x", "a").returncode == 2)
    m.command("run", "-d", "--name", "one", "--rootfs=/:ro", "/bin/sh", "-c", "echo mine > /dev/shm/file; sleep 1000")
    got = m.command("exec", "one", "/bin/sh", "-c", "until [ -s /dev/shm/file ]; do sleep 0.1; done; cat /dev/shm/file")
    check("a command inside sees it", got.stdout == b"mine\n", got)
    check("another container does not", run("/bin/cat", "/dev/shm/file").returncode == 1)
    check("nor the host", not os.path.exists("/dev/shm/file"))
    m.command("rm", "-f", "one")


def programs(m):
    script = m.path("processes.py")
    with open(script, "w", encoding="ascii") as file:
        file.write(PROCESSES)
    got = m.command("run", "--rootfs=/:ro", f"--volume={m.folder}:/mnt:ro", "/usr/bin/python3", "/mnt/processes.py")
    check("multiprocessing", got.stdout == b"b'through the pipe'\n42 0\n[1, 2, 3]\n", got)
    got = m.command("run", "--rootfs=/:ro", "/usr/bin/python3", "-c", SPAWN)
    check("pty.spawn", got.stdout == b"/dev/pts/0\r\n3\n", got)
    if os.path.exists("/usr/bin/script"):
        got = m.command("run", "--rootfs=/:ro", "/usr/bin/script", "-qc", "echo hi; tty", "/dev/null")
        check("script", got.stdout == b"hi\r\n/dev/pts/0\r\n", got)
    if os.path.exists("/usr/bin/tmux"):
        os.mkdir(m.path("tmux"))
        got = m.command("run", "--rootfs=/:ro", f"--volume={m.path('tmux')}:/mnt", "/bin/sh", "-c", TMUX)
        check("tmux", b"42\n" in got.stdout and b"status 130\n" in got.stdout, got)


def main():
    selkie, options = sys.argv[1:]
    with Managed(selkie, options) as m:
        memory(m)
        programs(m)
        sockets(m)
    finish()


main()
