/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run gives its system of the host: opened here, told to the kernel's boot and to the bootinfo, and
 * what comes of it from outside. See abi/host_io.h and hostio/hostio.h.
 */
#ifndef SELKIE_RUN_GRANT_H
#define SELKIE_RUN_GRANT_H

#include "host/diag.h"
#include "hostio/hostio.h"
#include "kernel/boot.h"
#include "run/run.h"

struct grants {
    struct hostio_roots roots;
    struct boot_host boot[HOST_IO_ROOTS];
    bool has_input; /* standard input is one of them, so it is not the serial port's */
};

/* Open what the options say. -errno: `diag` says what of it cannot be had. To be closed either way. */
int grants_open(struct grants *grants, const struct run_options *options, struct diag *diag);
void grants_close(struct grants *grants);

/* Before an engine starts processes of its own: signals that using them may raise are errors of the call
 * instead. */
void grants_silence_signals(void);

/* The next event for the kernel, if `hostio` waits for any. Never blocks. */
bool grants_take(const struct grants *grants, struct hostio *hostio, struct trap *trap);

#endif
