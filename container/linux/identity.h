/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User and group ids as the container sees them: those of the order at first, changed by programs as on Linux. They
 * give no rights on the host, where everything belongs to whoever runs the container, and none inside are taken from
 * them: a file can be used whoever one is.
 */
#ifndef SELKIE_LINUX_IDENTITY_H
#define SELKIE_LINUX_IDENTITY_H

#include "container/linux/base.h"

void identity_init(uint32_t user, uint32_t group);
uint32_t identity_user(void); /* effective */
uint32_t identity_group(void);
bool identity_has_group(uint32_t group);

/* execve(2) of a program with this mode, owner and group: set-user-id and set-group-id bits. */
void identity_exec(uint32_t mode, uint32_t user, uint32_t group);
bool identity_is_secure(void); /* AT_SECURE: the effective ids are not the real ones */
uint32_t identity_real_user(void);
uint32_t identity_real_group(void);

/* Real, effective and saved user ids, or group ids; and the other groups. */
const uint32_t *identity_ids(bool are_groups);
const uint32_t *identity_groups(unsigned *count);

/* Tell the process server whose process this is, as others are told it. */
void identity_tell(int process);

#endif
