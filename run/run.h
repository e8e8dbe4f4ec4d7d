/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run one seL4 system: find its ABI, load it, boot the kernel, start an engine, end with a status.
 */
#ifndef SELKIE_RUN_RUN_H
#define SELKIE_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/* Exit statuses: scripts rely on them. */
enum run_status {
    RUN_OK = 0,         /* the expected line, or without one: halted, or at rest with no unhandled fault */
    RUN_FAIL_LINE = 1,  /* the line that --fail names */
    RUN_BAD_INPUT = 2,  /* bad usage, unreadable or unsupported image */
    RUN_UNEXPECTED = 3, /* --expect was given and the run ended otherwise */
    RUN_FAULT = 4,      /* at rest after a fault that nobody handled */
    RUN_HOST = 5,       /* the host took a process away, or refused something */
    RUN_TIMEOUT = 124,
    RUN_ASSERTION = 70, /* an assertion of ours, or our state is broken otherwise */
    RUN_SIGNAL = 128    /* plus the signal that ended it */
};

/* One thing of the host that the system gets a capability to, in the order of its bootinfo. */
struct run_grant {
    char name[HOST_IO_NAME];
    enum host_kind kind; /* directory, file, network, clock */
    uint8_t access;      /* enum host_access */
    bool is_stream;      /* what descriptor `stream` of ours is open on: a standard stream, or any */
    int stream;
    const char *path; /* of a directory or file, unless it is a stream */
    struct hostio_policy policy; /* of a network */
};

struct run_options {
    const char *image;
    const char *engine;        /* NULL: the best that this host can run */
    const char *abi;           /* NULL: from the image */
    const char *kernel_config; /* NULL: from the image's build directory */
    const char *expect, *fail; /* NULL: none */
    uint64_t memory_size;      /* bytes; 0: the default */
    uint64_t timeout_ns;       /* 0: none */
    bool is_time_virtual;
    uint64_t seed; /* of virtual time; 0: no noise */
    bool has_monitor; /* Ctrl-A begins a command to us (run/monitor.h); a terminal's Ctrl-C is the system's */
    bool stays_on;    /* halted or at rest, wait until somebody says to leave */
    bool is_verbose;
    unsigned grant_count; /* 0: no host I/O, as on a real kernel */
    struct run_grant grant[HOST_IO_ROOTS];
};

/* Run to the end and say on stderr how it ended. Returns an exit status. */
int run_image(const struct run_options *options);

/* The engines of this build, best first. */
extern const struct engine_class *const run_engines[];
extern const unsigned run_engine_count;

/* One of them by its name; NULL: there is none, which `diag` says. */
const struct engine_class *run_engine_find(const char *name, struct diag *diag);

/* Can it run here? 0, or -errno with the reason in `diag`. */
int run_engine_probe(const struct engine_class *class, struct diag *diag);

#endif
