/* SPDX-License-Identifier: BSD-2-Clause */
/* The data model of x86-64: LP64. */
#pragma once

#define SEL4_WORD_IS_UINT64
#define SEL4_INT64_IS_LONG
