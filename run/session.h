/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that one run consists of. Put together and taken apart in run.c; the
 * other files of this folder see the parts they need.
 */
#ifndef SELKIE_RUN_SESSION_H
#define SELKIE_RUN_SESSION_H

#include "device/pc.h"
#include "engine/engine.h"
#include "host/timer.h"
#include "kernel/boot.h"
#include "machine/machine.h"
#include "run/abi_select.h"
#include "run/arena.h"
#include "run/clock.h"
#include "run/console.h"
#include "run/grant.h"
#include "run/image.h"
#include "run/input.h"
#include "run/run.h"

struct session {
    const struct run_options *options;
    struct host_clock clock;
    struct image image;
    struct abi_choice choice;
    struct arena arena;
    struct kernel kernel;
    struct machine machine;
    struct machine_bus bus; /* virtual time: the devices themselves, behind what charges for them */
    struct host_timer timeout; /* virtual time: the run's */
    struct pc pc;
    struct console console;
    struct input input;
    struct grants grants;
    struct engine_events events;
    const struct engine_class *class;
    struct engine *engine;
    uint64_t root_vspace; /* the initial thread's: the image's symbols are about it */
    bool has_timed_out;
    bool has_reset; /* the system reset the machine: the run is over */
    bool nothing_runs;  /* virtual time: the engine is about to wait for the outside alone */
    bool has_waited;    /* the engine waited for the outside, so there may be something new */
    uint64_t looked_ns; /* when input and output were last seen to */
    uint64_t checks;    /* of the kernel's heap so far */
};

/* What the devices, the kernel and the engine ask of this program (run/world.c). */
void world_connect(struct session *session, uint64_t hpet_paddr);

/* Parts of it for virtual time: is it time to see to output and input? do that; can_wake. */
bool world_must_look(struct session *session);
unsigned world_descriptors(void *world, struct pollfd fds[ENGINE_MAX_EVENT_FDS]);
void world_look(struct session *session, bool wants_input);
bool world_can_wake(struct session *session);
bool world_take_host(void *world, struct trap *trap);

/* The state of host I/O; NULL: the system has none. */
static inline struct hostio *session_hostio(const struct session *session)
{
    return session->grants.roots.count ? session->machine.host.world : NULL;
}

/* Wait for the command or the signal to leave (run/linger.c). */
void session_linger(struct session *session);

/* Print what a developer needs about the fault that nobody handled, if there is one (run/report.c).
 * Returns whether there was. */
bool report_fault(const struct session *session);

/* run/sane.c: engine_events.is_sane; and report_fault on a heap that may be broken, which false says it is. */
bool sane_look(void *world, char *why, size_t size);
bool sane_report(const struct session *session, bool *has_fault, struct diag *diag);

#endif
