# SPDX-License-Identifier: BSD-2-Clause
"""Ports of the host for servers in containers."""
import socket
import time


def port_free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_wait(port, process=None):
    """Until somebody accepts; False: not within 30 seconds, or the process has ended, if one is named."""
    end = time.monotonic() + 30
    while time.monotonic() < end and (process is None or process.poll() is None):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False
