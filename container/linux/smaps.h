/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc/self tells of memory, as text of `room` bytes at most: its length. */
#ifndef SELKIE_LINUX_SMAPS_H
#define SELKIE_LINUX_SMAPS_H

#include "container/linux/base.h"

size_t maps_text(char *text, size_t room);
size_t smaps_text(char *text, size_t room);
size_t smaps_rollup_text(char *text, size_t room);

#endif
