/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the host that processes show to the server: capabilities for a moment, duplicates for longer. */
#ifndef SELKIE_SERVER_BORROW_H
#define SELKIE_SERVER_BORROW_H

#include "container/server/server.h"

/* A capability of the process to a host object in a slot of the server's, until it is given back. 0: there is none. */
cap_address cap_borrow(const struct process *process, uint64_t slot);
void cap_return(cap_address cap);

/* A duplicate in the server's own memory: the box is made when it is used for the first time. */
bool file_keep(struct object_box *box, cap_address file);
bool slot_keep(struct object_box *box, const struct process *process, uint64_t slot);

#endif
