/* SPDX-License-Identifier: BSD-2-Clause */
/* What the managers that run say of their containers, and telling them something about one. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_LIVE_H
#define SELKIE_CMD_SELKIE_CONTAINER_LIVE_H

#include <jansson.h>
#include <stdbool.h>

/* Name -> {"state", "started", "up_ms", "restarts", "memory", "memory_used", "processes", "detached", "manager",
 * "port": [...], "arg": [...]}, "cpu" (its share, permille), MCS: "processor_us" (used, when somebody last asked).
 * NULL: that could not be found out, which was said. */
json_t *live_all(void);

/* The same with "processor_us" of just now, and "cpu_permille", of the processor, of the 0.4 seconds that this takes; where
 * no kernel counts time, it is the same and takes none. */
json_t *live_all_measured(void);

/* Send a signal to a container that runs; `is_stop`: it shall not be started again. 1; 0: no such container runs; -1: it
 * did not work, which was said. */
int live_signal(const char *name, int number, bool is_stop);

/* Say that this one runs, but that none of our managers has it: its state_holder is another one. */
void live_elsewhere_say(const char *command, const char *name, int state);

/* Say that the name is taken. */
void live_exists_say(const char *name);

/* Say that this one does not run, or that there is none, or the above. */
void live_missing_say(const char *command, const char *name);

enum live_wait_outcome {
    LIVE_NONE = -1, /* none of this name runs */
    LIVE_STILL = -2 /* it still does */
};

/* Wait for its end, `timeout_ms` at most (-1: for ever). An exit status or an outcome. */
int live_wait(const char *name, int timeout_ms);

/* End all managers, and all containers with them. */
bool live_end(void);

#endif
