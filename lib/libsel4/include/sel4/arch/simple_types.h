/* SPDX-License-Identifier: BSD-2-Clause */
/* The data model of x86. */
#pragma once

#include <sel4/sel4_arch/simple_types.h>
