# SPDX-License-Identifier: BSD-2-Clause
# python3: subprocesses, threads, files, sockets, sqlite, multiprocessing.
/usr/bin/python3 - <<'X'
import os, sys, json, subprocess, threading, tempfile, socket, select, sqlite3, time, mmap, shutil, glob, hashlib
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 4"], capture_output=True))
print(subprocess.check_output(["tr", "a-z", "A-Z"], input=b"piped"))
total = []
def work(n):
    for i in range(100):
        total.append(n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(total), sum(total))
with tempfile.TemporaryDirectory(dir=".") as folder:
    for i in range(20):
        with open(os.path.join(folder, f"f{i}"), "w") as f:
            f.write(str(i) * i)
    print(sorted(os.listdir(folder))[:3], sum(os.path.getsize(p) for p in glob.glob(folder + "/*")))
    shutil.copytree(folder, "copy"); shutil.rmtree("copy")
print(os.path.exists("copy"))
a, b = socket.socketpair(); a.sendall(b"x" * 100000 if False else b"pair"); print(b.recv(10))
with open("m", "wb+") as f:
    f.write(b"\0" * 8192); f.flush()
    with mmap.mmap(f.fileno(), 8192) as m:
        m[4096:4100] = b"mmap"; m.flush()
    f.seek(4096); print(f.read(4))
db = sqlite3.connect("p.db"); db.execute("create table t(x)"); db.executemany("insert into t values (?)", [(i,) for i in range(50)])
db.commit(); print(db.execute("select sum(x) from t").fetchone())
pid = os.fork()
if pid == 0:
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
r, w = os.pipe(); pid = os.fork()
if pid == 0:
    os.close(r); os.write(w, b"from child"); os._exit(0)
os.close(w); print(os.read(r, 100)); os.waitpid(pid, 0)
print(hashlib.sha256(b"x" * 1000000).hexdigest()[:16], json.dumps({"a": [1, 2.5, None]}))
import signal
signal.signal(signal.SIGALRM, lambda *_: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.2)
from concurrent.futures import ThreadPoolExecutor
print(list(ThreadPoolExecutor(4).map(lambda n: n * n, range(5))))
X
