/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's keys. See monitor.h.
 */
#include "run/monitor.h"

#include <string.h>
#include <unistd.h>

enum {
    CTRL_A = 1
};

static void show(int fd, const char *text)
{
    (void)!write(fd, text, strlen(text)); /* a terminal that is gone needs no help */
}

/* The key behind Ctrl-A. Returns whether it is the system's. */
static bool command_do(struct monitor *monitor, char key, int fd)
{
    switch (key) {
    case CTRL_A:
        return true;
    case 'x':
        monitor->wants_end = true;
        return false;
    case 'h':
    case '?':
        show(fd, "\nC-a h    print this\nC-a x    leave\nC-a C-a  send C-a\n");
        return false;
    case 'c':
        show(fd, "\nThere is no monitor here. C-a x leaves, C-a h says what else there is.\n");
        return false;
    default:
        return false;
    }
}

size_t monitor_filter(struct monitor *monitor, char *bytes, size_t size, int fd)
{
    size_t kept = 0;
    if (!monitor->is_on) {
        return size;
    }
    for (size_t i = 0; i < size; i++) {
        bool is_command = monitor->is_escaped;
        monitor->is_escaped = !is_command && bytes[i] == CTRL_A;
        if (is_command ? command_do(monitor, bytes[i], fd) : !monitor->is_escaped) {
            bytes[kept++] = bytes[i];
        }
    }
    return kept;
}
