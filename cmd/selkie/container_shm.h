/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev/shm: a file system in the host's memory for one container, of limited size, which is gone when nobody has it
 * open. It is mounted nowhere.
 */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_SHM_H
#define SELKIE_CMD_SELKIE_CONTAINER_SHM_H

#include <stdint.h>

/* Its directory, or -errno: the host does not let us, or nothing was asked for. */
int container_shm_open(uint64_t bytes);

#endif
