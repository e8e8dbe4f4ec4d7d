/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host's ps shows of a process. */
#ifndef SELKIE_CMD_CONTAINER_TITLE_H
#define SELKIE_CMD_CONTAINER_TITLE_H

/* In place of the words of the command line, which are gone then. Nothing happens where it does not fit. */
void container_title_set(const char *title);

#endif
