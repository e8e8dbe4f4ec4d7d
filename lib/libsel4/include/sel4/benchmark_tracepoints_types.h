/* SPDX-License-Identifier: BSD-2-Clause */
/* Here for programs that name it: this kernel keeps no such log. */
#pragma once

#include <sel4/config.h>
