/* SPDX-License-Identifier: BSD-2-Clause */
/* Here for programs that name it: nothing is deprecated on this architecture. */
#pragma once
