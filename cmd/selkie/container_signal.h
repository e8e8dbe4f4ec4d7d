/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of signals. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_SIGNAL_H
#define SELKIE_CMD_SELKIE_CONTAINER_SIGNAL_H

/* From "TERM", "SIGTERM" or "15"; 0: there is no such signal. */
int signal_number(const char *text);

#endif
