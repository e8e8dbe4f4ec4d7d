/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libsel4: the seL4 API as C sees it. This header brings all of it.
 *
 * The names, types and meanings are those of the seL4 reference manual; a program
 * written for the kernel's own libsel4 compiles against this one unchanged. What
 * depends on the configuration is generated (tools/gen_libsel4.py), the rest is
 * here.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/types.h>
#include <sel4/macros.h>
#include <sel4/functions.h>
#include <sel4/syscalls.h>
#include <sel4/arch/syscalls.h>
#include <sel4/invocation.h>
#include <interfaces/sel4_client.h>
#include <sel4/virtual_client.h>
#include <sel4/bootinfo.h>
#include <sel4/faults.h>
#include <sel4/deprecated.h>
#include <sel4/constants.h>
#include <sel4/arch/constants.h>
#include <sel4/plat/api/constants.h>
