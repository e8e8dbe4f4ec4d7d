/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot information, as kept for programs that ask libsel4 for it instead of their start code. */
#pragma once

#include <sel4/types.h>
#include <sel4/bootinfo_types.h>
#include <sel4/macros.h>

void seL4_InitBootInfo(seL4_BootInfo *bi) SEL4_DEPRECATED("the initial thread is given its boot information");
seL4_BootInfo *seL4_GetBootInfo(void) SEL4_DEPRECATED("the initial thread is given its boot information");
