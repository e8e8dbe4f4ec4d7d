/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all objects share: creating them from untyped memory, deriving
 * capabilities to them, and ending them.
 */
#ifndef SELKIE_KERNEL_OBJECT_H
#define SELKIE_KERNEL_OBJECT_H

#include "kernel/kernel.h"
#include "kernel/result.h"
#include "kernel/slot.h"

/* Size of an object of this type in bits; `user_bits` counts for untypeds (bytes) and CNodes (slots). */
unsigned object_size_bits(const struct kernel *k, enum object object, unsigned user_bits);

/* Make one object in zeroed memory (device memory is not touched) and return the first capability to it. */
struct cap object_create(struct kernel *k, enum object object, uint64_t paddr, unsigned user_bits, bool is_device);

/* The capability that a copy of `slot` holds, before rights are taken away. Null where none may be made
 * (zombie, IRQ control, reply); RevokeFirst for an untyped with children; IllegalOperation for unmapped paging. */
MUST_USE struct result cap_derive(struct kernel *k, const struct slot *slot, struct cap cap, struct cap *derived);

/* What remains when a capability goes: null, or a zombie that still has slots to empty. `cleanup` is an IRQ handler
 * or I/O port capability whose resource is freed once the slot is empty, else null. */
struct finalised {
    struct cap remainder;
    struct cap cleanup;
};
struct finalised cap_finalise(struct kernel *k, struct cap cap, bool is_final);
/* The architecture's share of it. */
struct finalised x86_cap_finalise(struct kernel *k, struct cap cap, bool is_final);
void cap_cleanup(struct kernel *k, struct cap cleanup);

/* Empty a slot that was named by a user (`is_exposed`) or met on the way of another deletion, ending the object if
 * this was its last capability. RESULT_PREEMPTED when interrupted. */
MUST_USE struct result slot_delete(struct kernel *k, struct slot *slot, bool is_exposed);
/* Delete a capability that is known to take no long work (what an interrupt signals). */
void slot_delete_simple(struct kernel *k, struct slot *slot);
/* Delete every descendant. RESULT_PREEMPTED when interrupted. */
MUST_USE struct result slot_revoke(struct kernel *k, struct slot *slot);

#endif
