/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that can make system calls by a jump (lib/libsel4/README.md) say in an ELF note where they look for the
 * address to jump to.
 */
#ifndef SELKIE_RUN_ENTRY_H
#define SELKIE_RUN_ENTRY_H

#include "run/session.h"

/* engine_events.entry_known: tell the loaded image, if it has such a note. The world is the session. */
void entry_tell(void *world, uint64_t address);

#endif
