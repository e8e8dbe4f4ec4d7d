# SPDX-License-Identifier: BSD-2-Clause
"""Python's signal module: handlers between instructions, in sleeps, in loops; wake-up descriptors, sigwait; the end."""
import os
import select
import signal
import threading
import time
from functools import partial

print = partial(print, flush=True)  # the end is by a signal
got = []
signal.signal(signal.SIGUSR1, lambda s, f: got.append(s))
os.kill(os.getpid(), signal.SIGUSR1)
print(got)
signal.signal(signal.SIGALRM, lambda s, f: got.append(s))
signal.setitimer(signal.ITIMER_REAL, 0.02)
t = time.monotonic()
time.sleep(0.1)
print(got, time.monotonic() - t >= 0.1)


class Late(Exception):
    pass


def late(s, f):
    raise Late


signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    n = 0
    while True:
        n += 1
except Late:
    print("late")
r, w = os.pipe()
os.set_blocking(w, False)
signal.set_wakeup_fd(w)
signal.signal(signal.SIGALRM, lambda s, f: None)
signal.setitimer(signal.ITIMER_REAL, 0.02)
print(select.select([r], [], [], 5)[0] == [r], os.read(r, 10))
signal.set_wakeup_fd(-1)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
threading.Timer(0.02, lambda: os.kill(os.getpid(), signal.SIGUSR2)).start()
print(signal.sigwait([signal.SIGUSR2]))
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
except KeyboardInterrupt:
    print("interrupted")
os.kill(os.getpid(), signal.SIGTERM)
