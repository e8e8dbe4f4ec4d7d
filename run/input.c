/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard input. The terminal's saved settings are the one global: a fatal signal or a failed
 * assertion must find them without being told where.
 */
#include "run/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

static struct {
    volatile bool is_raw;
    int fd;
    struct termios settings;
} saved;

static bool descriptor_is_readable(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) {
        return false;
    }
    /* A job in the background would be stopped by the terminal for reading it. */
    return !isatty(fd) || tcgetpgrp(fd) == getpgrp();
}

static void terminal_set_raw(int fd, bool has_monitor)
{
    struct termios raw;
    if (saved.is_raw || tcgetattr(fd, &saved.settings) != 0) {
        return;
    }
    raw = saved.settings;
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN | (has_monitor ? ISIG : 0));
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* these keys are the system's; only Ctrl-C may be ours */
    raw.c_cc[VQUIT] = _POSIX_VDISABLE;
    saved.fd = fd;
    saved.is_raw = tcsetattr(fd, TCSANOW, &raw) == 0;
}

void input_restore_terminal(void)
{
    if (saved.is_raw) {
        saved.is_raw = false;
        (void)tcsetattr(saved.fd, TCSANOW, &saved.settings);
    }
}

void input_open(struct input *input, int fd, bool has_monitor)
{
    input->monitor = (struct monitor){.is_on = has_monitor};
    input->fd = fd;
    input->is_open = descriptor_is_readable(fd);
    input->is_lossy = has_monitor && isatty(fd);
    if (input->is_open && isatty(fd)) {
        terminal_set_raw(fd, has_monitor);
    }
}

void input_lend(int fd)
{
    if (isatty(fd) && tcgetattr(fd, &saved.settings) == 0) {
        saved.fd = fd;
        saved.is_raw = true;
    }
}

void input_close(struct input *input)
{
    input_restore_terminal();
    input->is_open = false;
}

size_t input_read(struct input *input, void *bytes, size_t size)
{
    struct pollfd ready = {.fd = input->fd, .events = POLLIN};
    if (!input->is_open || size == 0 || poll(&ready, 1, 0) <= 0) {
        return 0;
    }
    ssize_t got = read(input->fd, bytes, size);
    if (got > 0) {
        return monitor_filter(&input->monitor, bytes, (size_t)got, STDOUT_FILENO);
    }
    if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        input->is_open = false;
    }
    return 0;
}
