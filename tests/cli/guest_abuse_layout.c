/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest that wants to do harm would find out by reading Selkie's source.
 */
#include "engine/direct/layout.h"
#include "guest_abuse.h"

const unsigned long abuse_core = PAD_CORE, abuse_private = PAD_PRIVATE, abuse_arena = PAD_ARENA;
const unsigned long abuse_core_size = sizeof(struct pad_core), abuse_private_size = sizeof(struct pad_private);
const unsigned long abuse_holder = PAD_CORE + offsetof(struct pad_core, holder);
const unsigned long abuse_is_inside = PAD_CORE + offsetof(struct pad_core, is_inside);
const unsigned long abuse_request = PAD_CORE + offsetof(struct pad_core, request);
const unsigned long abuse_slots = PAD_CORE + offsetof(struct pad_core, slot);
const unsigned long abuse_console = PAD_CORE + offsetof(struct pad_core, console_put);
const unsigned long abuse_context = PAD_CORE + offsetof(struct pad_core, context);
