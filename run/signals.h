/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that end a run: it stops, ends its processes, and puts the terminal back.
 */
#ifndef SELKIE_RUN_SIGNALS_H
#define SELKIE_RUN_SIGNALS_H

#include "engine/engine.h"

/* From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT kick `engine` and are remembered; SIGPIPE is ignored, and the
 * signals of a crash put the terminal back first. One engine at a time. */
void signals_watch(const struct engine_class *class, struct engine *engine);

/* The engine is about to go away: stop kicking it. */
void signals_release(void);

/* The signal that asked for the end, or 0. */
int signals_received(void);

#endif
