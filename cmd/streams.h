/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The standard streams at the beginning and at the end of a program.
 */
#ifndef SELKIE_CMD_STREAMS_H
#define SELKIE_CMD_STREAMS_H

/* First of all: files that we open must not be taken for standard streams that a parent closed. */
void streams_open(void);

/* Output that was held back can still fail. Returns the status to end with. */
int streams_finish(int status);

#endif
