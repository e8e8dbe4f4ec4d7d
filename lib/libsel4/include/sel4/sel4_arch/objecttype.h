/* SPDX-License-Identifier: BSD-2-Clause */
/* Here for programs that name it: all types are in one enumeration. */
#pragma once

#include <sel4/objecttype.h>
