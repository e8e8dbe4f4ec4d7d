/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities, packed into two words.
 *
 * A capability names its object by physical address, so a copy of the arena is
 * a copy of the system. The first word holds the type, the address and twelve
 * bits that each type spends its own way; the second belongs to the type. Which
 * view means something is decided by `type`. Only the constructors below and
 * the few setters of kernel/cap.c make capabilities.
 *
 * Manual: chapters "Kernel Services and Objects" and "Capability Spaces".
 */
#ifndef SELKIE_KERNEL_CAP_H
#define SELKIE_KERNEL_CAP_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;

enum cap_type {
    CAP_NULL, /* all bits zero: an empty slot */
    CAP_UNTYPED,
    CAP_ENDPOINT,
    CAP_NOTIFICATION,
    CAP_REPLY,
    CAP_CNODE,
    CAP_THREAD,
    CAP_ZOMBIE,
    CAP_IRQ_CONTROL,
    CAP_IRQ_HANDLER,
    CAP_DOMAIN,
    CAP_FRAME,
    CAP_PAGE_TABLE,
    CAP_PAGE_DIRECTORY,
    CAP_PDPT,
    CAP_PML4,
    CAP_ASID_CONTROL,
    CAP_ASID_POOL,
    CAP_IO_PORT,
    CAP_IO_PORT_CONTROL,
    CAP_SCHED_CONTEXT, /* these three: MCS */
    CAP_SCHED_CONTROL,
    CAP_REPLY_OBJECT,
    CAP_HOST /* kernel/host/ */
};

/* What a frame capability lets its VSpace do. The numbers follow read and write: no execute bit on x86 seL4. */
enum frame_rights {
    FRAME_KERNEL_ONLY = 1, /* neither read nor write: mapped, but no user access */
    FRAME_READ_ONLY = 2,
    FRAME_READ_WRITE = 3
};

enum frame_size {
    FRAME_SMALL, /* 4 KiB */
    FRAME_LARGE, /* 2 MiB */
    FRAME_HUGE   /* 1 GiB */
};

enum { CAP_DETAIL_SHIFT = 52 }; /* of the bits in the first word that each type has to itself */

struct cap {
    union {
        uint64_t head; /* the whole first word */
        struct {
            uint64_t type : 5;
            uint64_t paddr : 47; /* of the object; 0 where there is none */
            uint64_t : 12;
        };
        struct { /* endpoint, notification (send and receive only), reply (can_grant, is_master), reply object
                  * (can_grant), host object (send and receive only: to write and to read) */
            uint64_t : 52;
            uint64_t can_send : 1;
            uint64_t can_receive : 1;
            uint64_t can_grant : 1;
            uint64_t can_grant_reply : 1;
            uint64_t is_master : 1;
        };
        struct {
            uint64_t : 52;
            uint64_t radix : 6;      /* CNode: slots, log2 */
            uint64_t guard_bits : 6; /* CNode: length of the guard */
        };
        struct {
            uint64_t : 52;
            uint64_t untyped_bits : 6; /* size, log2 */
            uint64_t is_device : 1;    /* untyped */
        };
        struct {
            uint64_t : 52;
            uint64_t sched_context_bits : 6; /* size, log2 */
        };
        struct {
            uint64_t : 52;
            uint64_t asid : 12; /* frame and paging structures: the VSpace it is mapped in, 0 is none; pool: first */
        };
        struct {
            uint64_t : 52;
            uint64_t zombie_radix : 6;  /* log2 of the slots the dying object had */
            uint64_t zombie_is_tcb : 1; /* else a CNode */
        };
    };
    union {
        uint64_t word;        /* the whole second word */
        uint64_t badge;       /* endpoint, notification */
        uint64_t guard;       /* CNode */
        uint64_t free_offset; /* untyped: the watermark, bytes from paddr */
        uint64_t zombie_left; /* zombie: slots not yet emptied */
        uint64_t irq;         /* IRQ handler */
        struct {
            uint64_t vaddr : 48;          /* frame and paging structures: where it is mapped */
            uint64_t is_mapped : 1;       /* paging structures and PML4 (has an ASID); for a frame asid != 0 says it */
            uint64_t frame_size : 2;      /* enum frame_size */
            uint64_t frame_rights : 2;    /* enum frame_rights */
            uint64_t frame_is_device : 1;
        };
        struct {
            uint16_t port_first;
            uint16_t port_last; /* inclusive */
        };
    };
};

_Static_assert(sizeof(struct cap) == 16, "a capability is two words");

static inline struct cap cap_null(void)
{
    return (struct cap){0};
}

static inline struct cap cap_of(enum cap_type type, uint64_t paddr)
{
    return (struct cap){.type = type, .paddr = paddr & ((1ull << 47) - 1)};
}

/* Constructors that need more than a type and an address. */
struct cap cap_untyped(uint64_t paddr, unsigned size_bits, bool is_device, uint64_t free_offset);
struct cap cap_endpoint(uint64_t paddr);     /* all rights, no badge */
struct cap cap_notification(uint64_t paddr); /* all rights, no badge */
static inline struct cap cap_reply(uint64_t tcb, bool is_master, bool can_grant)
{
    struct cap cap = cap_of(CAP_REPLY, tcb);
    cap.is_master = is_master;
    cap.can_grant = can_grant;
    return cap;
}
struct cap cap_sched_context(uint64_t paddr, unsigned size_bits);
struct cap cap_reply_object(uint64_t paddr); /* with the right to grant */
struct cap cap_cnode(uint64_t paddr, unsigned radix, unsigned guard_bits, uint64_t guard);
struct cap cap_zombie(uint64_t paddr, bool is_tcb, unsigned radix, uint64_t left);
struct cap cap_irq_handler(uint64_t irq);
struct cap cap_frame(uint64_t paddr, enum frame_size size, enum frame_rights rights, bool is_device);
struct cap cap_frame_mapped(struct cap frame, uint64_t asid, uint64_t vaddr, enum frame_rights rights);
struct cap cap_frame_unmapped(struct cap frame);
struct cap cap_paging_mapped(struct cap structure, uint64_t asid, uint64_t vaddr);
struct cap cap_paging_unmapped(struct cap structure);
struct cap cap_asid_pool(uint64_t paddr, uint64_t first_asid);
struct cap cap_io_port(uint16_t first, uint16_t last);

/* Rights as a user passes them to Copy and Mint (seL4_CapRights_t). */
enum cap_right {
    CAP_RIGHT_WRITE = 1,
    CAP_RIGHT_READ = 2,
    CAP_RIGHT_GRANT = 4,
    CAP_RIGHT_GRANT_REPLY = 8,
    CAP_RIGHTS_ALL = 15
};

struct cap_rights {
    uint64_t word; /* of enum cap_right */
};

static inline struct cap_rights cap_rights_from_word(uint64_t word)
{
    return (struct cap_rights){word & CAP_RIGHTS_ALL};
}

struct cap x86_cap_mask_rights(struct cap cap, struct cap_rights rights); /* the architecture's share */

/* The same capability with at most `rights`. Types without rights come back unchanged. */
static inline struct cap cap_mask_rights(struct cap cap, struct cap_rights rights)
{
    switch ((enum cap_type)cap.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_HOST: /* can_send to can_grant_reply lie in the order of the rights */
        cap.head &= ~((CAP_RIGHTS_ALL ^ rights.word) << CAP_DETAIL_SHIFT);
        return cap;
    case CAP_REPLY:
    case CAP_REPLY_OBJECT:
        if (!(rights.word & CAP_RIGHT_GRANT))
            cap.can_grant = false;
        return cap;
    default:
        return x86_cap_mask_rights(cap, rights);
    }
}

/* The same capability with badge or guard `data`; a null capability if the type or its present badge does not
 * allow that. `preserve` is Mutate: a badge may not be set. Manual: "Creating Capabilities". */
struct cap cap_update_data(struct cap cap, bool preserve, uint64_t data);

/* Is it the same type, and the same address? Two capabilities to one object agree at least in this. */
static inline bool cap_same_place(const struct cap *a, const struct cap *b)
{
    return ((a->head ^ b->head) & ((1ull << CAP_DETAIL_SHIFT) - 1)) == 0;
}

/* Do both name the same object, so that deleting one leaves it alive? Untypeds never do. */
bool cap_same_object(const struct kernel *k, struct cap a, struct cap b);

/* Does `b` lie within what `a` was derived from: same object, or memory inside untyped `a`? */
bool cap_covers(const struct kernel *k, struct cap a, struct cap b);

/* Bytes of the object, log2; 0 for capabilities without memory. */
unsigned cap_size_bits(const struct kernel *k, struct cap cap);
bool cap_is_physical(struct cap cap);

static inline unsigned frame_size_bits(enum frame_size size)
{
    static const uint8_t bits[] = {12, 21, 30};
    return bits[size];
}

#endif
