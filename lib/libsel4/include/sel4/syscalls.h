/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls. */
#pragma once

#include <sel4/config.h>
#include <sel4/functions.h>
#include <sel4/sel4_arch/syscalls.h>
#include <sel4/arch/syscalls.h>
