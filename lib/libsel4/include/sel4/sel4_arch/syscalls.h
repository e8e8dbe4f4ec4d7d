/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls of x86-64: message passing of one personality, and what both have. */
#pragma once

#include <sel4/config.h>
#include <sel4/sel4_arch/trap.h>

#ifdef CONFIG_KERNEL_MCS
#include <sel4/sel4_arch/syscalls_mcs.h>
#else
#include <sel4/sel4_arch/syscalls_classic.h>
#endif

#include <sel4/sel4_arch/syscalls_common.h>
#include <sel4/sel4_arch/syscalls_debug.h>
