/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys that a machine emulator's users know: on an input shared between the serial port and a monitor, Ctrl-A
 * is the beginning of a command to the emulator (`-serial mon:stdio`).
 *
 *   Ctrl-A x       leave              Ctrl-A h, ?   print what there is
 *   Ctrl-A Ctrl-A  send Ctrl-A        Ctrl-A b, c, s, t  a break, the monitor's prompt, ...: nothing here
 *
 * Any other key behind Ctrl-A is swallowed.
 *
 * Source: QEMU System Emulation User's Guide, "Keys in the character backend multiplexer".
 */
#ifndef SELKIE_RUN_MONITOR_H
#define SELKIE_RUN_MONITOR_H

#include <stdbool.h>
#include <stddef.h>

struct monitor {
    bool is_on;      /* else every byte is the system's */
    bool is_escaped; /* Ctrl-A came, its command not yet */
    bool wants_end;  /* Ctrl-A x came */
};

/* Take the commands out of what was typed. Returns how many bytes are left, moved to the front. What is to be
 * shown goes to `fd`. */
size_t monitor_filter(struct monitor *monitor, char *bytes, size_t size, int fd);

#endif
