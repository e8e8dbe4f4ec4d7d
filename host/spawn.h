/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a guest program: a child that dies with us, hears nothing from the terminal, leaves no core, keeps
 * the descriptors it is given and nothing else, and becomes a program out of a memory file.
 */
#ifndef SELKIE_HOST_SPAWN_H
#define SELKIE_HOST_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host/diag.h"

enum {
    SPAWN_FDS = 40
};

enum {
    SPAWN_CODE_MAX = 1024
};

/* A memory file with the smallest program there is: it starts at the first of these bytes, which are mapped
 * in one piece, readable and executable. At most SPAWN_CODE_MAX. Returns it or -errno. */
int spawn_program_make(const void *code, size_t size, struct diag *diag);

struct spawn_plan {
    int fd[SPAWN_FDS]; /* become descriptors 0 and up */
    int fd_count;
    int program_fd;
    bool is_traced; /* by us, from its first instruction on */
};

/* Returns the pid, or -errno with the reason in `diag`; then there is no child. */
pid_t spawn_program(const struct spawn_plan *plan, struct diag *diag);

#endif
