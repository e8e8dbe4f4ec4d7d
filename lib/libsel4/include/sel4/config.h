/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration of the kernel this program is for: the CONFIG_ macros. */
#pragma once

#include <autoconf.h>
