/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses inside and on the host: published ports, and the loopback network of the container's own, which
 * is an address of the host's loopback network that its policy allows to nobody else.
 */
#ifndef SELKIE_LINUX_ADDRESS_H
#define SELKIE_LINUX_ADDRESS_H

#include "container/linux/base.h"

/* The container has a network of its own: of IPv4, which sockets of IPv6 reach, too, unless they are for IPv6 only. */
bool address_is_mapped(void);
bool address_is_inet6(uint64_t address, uint64_t size);

/* From what the program names to what the host is told: `address` itself, or a copy of ours that holds until the
 * next call. The memory must be readable. */
uint64_t address_to_bind(uint64_t address, uint64_t size);
uint64_t address_to_connect(uint64_t address, uint64_t size);

/* Any address of IPv6, and of that only, of which there are none: some port of the container's own that nobody knows. 0:
 * it is another address. */
uint64_t address_to_nowhere(uint64_t address, uint64_t size);

/* What the host answered, in our memory, to what the program shall see. */
void address_show(void *address, uint64_t size);

#endif
