# SPDX-License-Identifier: BSD-2-Clause
"""What /proc and /dev say, as facts that hold on any machine: one line each, the same natively and in a container."""
import ctypes
import errno
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import time


def say(name, *facts):
    print(name + ":", *facts)


def text(path):
    with open(path, "rb") as file:
        return file.read().decode(errors="replace")


def error_of(function, *words):
    try:
        return function(*words) and "worked"
    except OSError as error:
        return errno.errorcode[error.errno]


def kind(path):
    return stat.filemode(os.lstat(path).st_mode)[0]


def directories():
    for name in ("null", "zero", "full", "random", "urandom", "tty", "pts", "fd", "stdin", "stdout", "stderr"):
        say("/dev", name, name in os.listdir("/dev"), kind("/dev/" + name))
    for path in ("/dev", "/dev/", "/dev/fd/", "/dev/pts", "/proc", "/proc/self/", "/proc/self/fd", "/proc/self/cwd/", "/proc/self/root/", "/sys",
                 "/proc/sys", "/proc/sys/kernel/", "/proc/self/task", "/proc/self/fdinfo", "/proc/thread-self/", "/proc/1", "/sys/devices",
                 f"/proc/{os.getpid()}/task/{os.getpid()}"):
        say("directory", re.sub(r"\d+", "N", path), os.path.isdir(path), len(os.listdir(path)) > 0, os.access(path, os.R_OK | os.X_OK))
        here = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        one, two = os.fstat(here), os.stat(path)
        say(" same", (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino), one.st_nlink > 0)
        os.close(here)
    say("listed types", all(entry.is_symlink() == os.path.islink(entry.path) for entry in os.scandir("/dev")))
    for path in ("/dev/null/", "/proc/self/stat/", "/proc/nothing", "/proc/self/nothing", "/proc/self/fd/987", "/dev/nothing",
                 "/proc/9999999", "/proc/self/task/1x", "/proc/sys/nothing", "/proc/self/stat/x"):
        say("not there", path, error_of(os.stat, path), error_of(os.open, path, os.O_RDONLY))
    say("not for writing", error_of(os.open, "/proc", os.O_RDWR), error_of(os.open, "/proc/uptime/", os.O_RDONLY),
        error_of(os.mkdir, "/proc/x"), error_of(os.mkdir, "/dev/null"), error_of(os.open, "/proc/self/exe", os.O_RDONLY | os.O_NOFOLLOW))
    folder = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY)
    comm = os.open("comm", os.O_RDONLY, dir_fd=folder)
    say("relative", os.read(comm, 100) == text("/proc/self/comm").encode(), os.readlink("cwd", dir_fd=folder) == os.getcwd(),
        kind("/proc/self"), os.stat("stat", dir_fd=folder).st_size, os.path.realpath("/proc/self") == f"/proc/{os.getpid()}")
    say("up", text("/proc/self/../1/comm") == text("/proc/1/comm"), os.path.realpath("/dev/fd") == f"/proc/{os.getpid()}/fd",
        os.path.realpath("/proc/self/cwd") == os.getcwd(), text("/proc/self/root/proc/self/../version") == text("/proc/version"))
    before = os.getcwd()
    os.chdir("/proc/self/fd")
    say("inside", os.getcwd() == f"/proc/{os.getpid()}/fd", set(os.listdir(".")) >= {"0", "1", "2"}, kind("0"))
    os.chdir("..")
    say("above", os.getcwd() == f"/proc/{os.getpid()}", text("comm") == text("/proc/self/comm"))
    child = subprocess.run(["/usr/bin/cat", "comm"], capture_output=True, check=False)
    say("a child there", child.stdout.decode() == text("/proc/self/comm"), child.stderr)
    os.chdir("/dev")
    say("in /dev", os.getcwd(), os.path.exists("null"), os.path.exists("../proc/self"))
    os.chdir(before)
    names = os.listdir(folder)
    say("seek", error_of(os.lseek, folder, 0, 0), len(os.listdir(folder)) == len(names), len(set(names)) == len(names))


def own():
    fields = text("/proc/self/stat").rsplit(")", 1)[1].split()
    say("stat", len(fields), fields[0], int(fields[1]) == os.getppid(), int(fields[2]) == os.getpgrp(), int(fields[3]) == os.getsid(0),
        int(fields[17]), int(fields[20]) > 1 << 20, int(fields[21]) > 100)
    say("statm", len(text("/proc/self/statm").split()))
    status = dict(line.split(":", 1) for line in text("/proc/self/status").splitlines())
    for name in ("Name", "Umask", "State", "Tgid", "Pid", "PPid", "TracerPid", "Uid", "Gid", "FDSize", "Groups", "VmPeak", "VmSize", "VmHWM", "VmRSS",
                 "VmData", "VmStk", "VmExe", "VmSwap", "Threads", "SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapEff", "CapBnd",
                 "NoNewPrivs", "Seccomp", "Cpus_allowed_list", "voluntary_ctxt_switches"):
        say("status has", name, name in status)
    say("status", status["Uid"].split() == [str(i) for i in (*os.getresuid(), os.geteuid())], status["Pid"].strip() == str(os.getpid()),
        status["Umask"], status["State"])
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    os.kill(os.getpid(), signal.SIGUSR1)
    status = dict(line.split(":\t", 1) for line in text("/proc/self/status").splitlines())
    word = lambda name, number: int(status[name], 16) >> (number - 1) & 1
    say("signals", word("SigBlk", signal.SIGUSR1), word("ShdPnd", signal.SIGUSR1), word("SigIgn", signal.SIGUSR2), word("SigCgt", signal.SIGINT))
    limits = text("/proc/self/limits").splitlines()
    say("limits", limits[0], len(limits), [line[:26].strip() for line in limits[1:]])
    say("mountinfo", all(re.fullmatch(r"\d+ \d+ \d+:\d+ \S+ /\S* \S+( \S+:\d+)* - \S+ \S+ \S+", line) for line in text("/proc/self/mountinfo").splitlines()),
        all(len(line.split(" ")) == 6 for line in text("/proc/mounts").splitlines()),
        {"/", "/proc", "/dev"} <= {line.split()[4] for line in text("/proc/self/mountinfo").splitlines()},
        {"/", "/proc", "/dev"} <= {line.split()[1] for line in text("/etc/mtab" if os.path.exists("/etc/mtab") else "/proc/mounts").splitlines()})
    with open("/proc/self/auxv", "rb") as file:
        auxv = file.read()
    pairs = {int.from_bytes(auxv[i:i + 8], "little"): int.from_bytes(auxv[i + 8:i + 16], "little") for i in range(0, len(auxv), 16)}
    say("auxv", len(auxv) % 16, pairs[6], pairs[17], pairs[11] == os.getuid())
    read = os.open("/proc/self/exe", os.O_RDONLY)
    os.lseek(read, 77, 0)
    info = dict(line.split(":\t") for line in text(f"/proc/self/fdinfo/{read}").splitlines())
    say("fdinfo", info["pos"], int(info["flags"], 8) & ~0o100000 == os.O_CLOEXEC, sorted(info)[:3], error_of(os.stat, "/proc/self/fdinfo/987"))
    write = os.open("/dev/null", os.O_WRONLY)
    say("modes of links", *(stat.filemode(os.lstat(f"/proc/self/fd/{fd}").st_mode) for fd in (read, write)), stat.filemode(os.lstat("/proc/self/cwd").st_mode))
    say("cgroup", all(line.count(":") >= 2 for line in text("/proc/self/cgroup").splitlines()))


def threads():
    libc = ctypes.CDLL(None, use_errno=True)
    ready, end, ids = threading.Barrier(2), threading.Event(), []

    def run():
        ids.extend((threading.get_native_id(), threading.get_ident()))
        ready.wait()
        end.wait()
    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    time.sleep(0.2)
    own_id, tid = os.getpid(), ids[0]
    say("tasks", sorted(map(int, os.listdir("/proc/self/task"))) == sorted((own_id, tid)))
    name = ctypes.create_string_buffer(64)
    set_error = libc.pthread_setname_np(ctypes.c_ulong(ids[1]), b"other-thread")
    get_error = libc.pthread_getname_np(ctypes.c_ulong(ids[1]), name, ctypes.c_size_t(64))
    say("a thread's name", set_error, get_error, name.value, text(f"/proc/self/task/{tid}/comm"), text("/proc/self/comm") == text("/proc/thread-self/comm"))
    fields = text(f"/proc/{own_id}/task/{tid}/stat").split()
    say("a thread's stat", int(fields[0]) == tid, fields[1], fields[2], len(fields))
    status = dict(line.split(":\t", 1) for line in text(f"/proc/self/task/{tid}/status").splitlines())
    say("a thread's status", status["Name"], int(status["Tgid"]) == own_id, int(status["Pid"]) == tid, status["Threads"])
    say("what it has in common", text(f"/proc/self/task/{tid}/cmdline") == text("/proc/self/cmdline"),
        os.readlink(f"/proc/self/task/{tid}/cwd") == os.getcwd(), os.readlink("/proc/thread-self") == f"{own_id}/task/{own_id}")
    with open("/proc/self/comm", "w", encoding="ascii") as file:
        file.write("a name that is too long")
    say("own name", text("/proc/self/comm"), text("/proc/self/stat").split("(")[1].split(")")[0])
    end.set()
    thread.join()
    time.sleep(0.2)
    say("after it", len(os.listdir("/proc/self/task")), error_of(os.stat, f"/proc/self/task/{tid}"))


def others():
    left, right = socket.socketpair()
    environment = {"PATH": "/usr/bin", "A": "b c"}
    code = ("import sys, threading, time; f = open('/proc/self/exe', 'rb'); "
            "[threading.Thread(target=time.sleep, args=(100,), daemon=True).start() for i in 'ab']; print('x', flush=True); time.sleep(100)")
    child = subprocess.Popen(["/usr/bin/python3", "-c", code], env=environment, cwd="/usr", stdin=left, stdout=subprocess.PIPE)
    child.stdout.readline()
    time.sleep(0.2)
    at = f"/proc/{child.pid}"
    say("environ", sorted(text(at + "/environ").split("\0")))
    say("links", os.readlink(at + "/cwd"), os.readlink(at + "/root"), os.readlink(at + "/exe") == os.readlink("/proc/self/exe"),
        os.path.isdir(at + "/cwd/bin"), set(os.listdir(at + "/fd")) >= {"0", "1", "2", "3"}, os.readlink(at + "/fd/3") == os.readlink(at + "/exe"))
    say("maps", "python3" in text(at + "/maps"), "[stack]" in text(at + "/maps"), "stack" in text(at + "/smaps"))
    fields = text(at + "/stat").split()
    say("stat", int(fields[0]) == child.pid, fields[1], fields[2], int(fields[3]) == os.getpid(), fields[19], len(fields))
    status = dict(line.split(":\t", 1) for line in text(at + "/status").splitlines())
    say("status", status["Name"], status["State"], status["Threads"], int(status["PPid"]) == os.getpid(), "SigCgt" in status)
    say("tasks", len(os.listdir(at + "/task")), [text(f"{at}/task/{tid}/comm") for tid in os.listdir(at + "/task")])
    say("a thread's links", os.readlink(f"{at}/task/{child.pid}/cwd"), kind(f"{at}/task/{child.pid}/exe"))
    say("files", text(at + "/cmdline").split("\0")[:2], text(at + "/comm"), "Max open files" in text(at + "/limits"), text(at + "/mounts") == text("/proc/mounts"))
    start = int(fields[21]) / os.sysconf("SC_CLK_TCK")
    up = float(text("/proc/uptime").split()[0])
    say("age", 0 <= up - start < 20, abs(float(text("/proc/uptime").split()[0]) - time.clock_gettime(time.CLOCK_BOOTTIME)) < 100)
    say("owner", os.stat(at).st_uid == os.getuid(), kind(at))
    os.kill(child.pid, signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    say("stopped", text(at + "/stat").split()[2], text(at + "/status").split("State:\t")[1].split("\n")[0])
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    say("zombie", text(at + "/stat").split()[2], repr(text(at + "/cmdline")), error_of(os.readlink, at + "/exe"), str(child.pid) in os.listdir("/proc"))
    child.wait()
    say("gone", error_of(os.stat, at), error_of(os.listdir, at + "/fd"))
    right.close()


def system():
    memory = {line.split(":")[0]: line.split()[1] for line in text("/proc/meminfo").splitlines()}
    say("meminfo", *(name in memory for name in ("MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree", "Shmem", "Slab")),
        0 < int(memory["MemAvailable"]) <= int(memory["MemTotal"]), all(re.fullmatch(r"\S+:\s+\d+( kB)?", line) for line in text("/proc/meminfo").splitlines()))
    stat_lines = text("/proc/stat").splitlines()
    say("stat", stat_lines[0].startswith("cpu  "), len(stat_lines[0].split()) >= 8, any(line.startswith("btime ") for line in stat_lines))
    one = sum(map(int, text("/proc/stat").splitlines()[0].split()[1:]))
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        pass
    say("time passes", sum(map(int, text("/proc/stat").splitlines()[0].split()[1:])) > one)
    say("loadavg", bool(re.fullmatch(r"\d+\.\d\d \d+\.\d\d \d+\.\d\d \d+/\d+ \d+\n", text("/proc/loadavg"))))
    say("uptime", bool(re.fullmatch(r"\d+\.\d\d \d+\.\d\d\n", text("/proc/uptime"))))
    say("cpuinfo", {"processor", "vendor_id", "model name", "flags", "cpu MHz", "cpu cores"} <=
        {line.split(":")[0].strip() for line in text("/proc/cpuinfo").splitlines()}, os.sysconf("SC_NPROCESSORS_ONLN") > 0)
    uname = os.uname()
    sysctl = lambda name: text("/proc/sys/kernel/" + name)
    say("kernel", sysctl("ostype") == uname.sysname + "\n", sysctl("osrelease") == uname.release + "\n", sysctl("hostname") == uname.nodename + "\n",
        uname.release in text("/proc/version"), int(sysctl("pid_max")) > 1000, int(text("/proc/sys/vm/overcommit_memory")) in (0, 1, 2))
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n"
    say("uuids", bool(re.fullmatch(uuid, sysctl("random/uuid"))), sysctl("random/uuid") != sysctl("random/uuid"),
        bool(re.fullmatch(uuid, sysctl("random/boot_id"))), sysctl("random/boot_id") == subprocess.run(
            ["/usr/bin/cat", "/proc/sys/kernel/random/boot_id"], capture_output=True, check=True).stdout.decode())
    for name in ("tcp", "tcp6", "udp", "unix", "dev"):
        say("net", name, " ".join(text("/proc/net/" + name).splitlines()[0].split()))
    say("filesystems", "nodev\tproc" in text("/proc/filesystems"))


for part in (directories, own, threads, others, system):
    part()
