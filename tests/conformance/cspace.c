/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where capability addresses lead: guards, radixes and depths over three levels of CNodes, for CNode operations
 * (which give the depth) and for a thread's own capability space (always 64 bits), with every lookup failure.
 *
 *   top: guard 0xa of 4 bits, 2^2 slots:  1 middle, 2 endpoint, 3 deep
 *   middle: guard 0x5 of 3 bits, 2^3 slots:  4 notification, 5 bottom
 *   bottom: no guard, 2^1 slots:  1 TCB
 *   deep: guard 0 of 60 bits, 2^2 slots:  1 endpoint
 */
#include "conformance.h"

static seL4_CPtr top, middle, bottom, deep, endpoint, notification, fault_endpoint, target;

static seL4_CPtr guarded(seL4_Word size_bits, seL4_Word guard, seL4_Word guard_bits)
{
    return mint(make_sized(seL4_CapTableObject, size_bits), seL4_AllRights,
                seL4_CNode_CapData_new(guard, guard_bits).words[0]);
}

/* Put a copy of a capability into a CNode whose guard is known. */
static void fill(seL4_CNode cnode, seL4_Word index, seL4_Uint8 depth, seL4_CPtr cap)
{
    SEL4_UTIL_CHECK(seL4_CNode_Copy(cnode, index, depth, CNODE, cap, WORD, seL4_AllRights));
}

static void build(void)
{
    endpoint = make(seL4_EndpointObject);
    notification = make(seL4_NotificationObject);
    fault_endpoint = make(seL4_EndpointObject);
    top = guarded(2, 0xa, 4);
    middle = guarded(3, 0x5, 3);
    bottom = make_sized(seL4_CapTableObject, 1);
    deep = guarded(2, 0, 60);
    fill(bottom, 1, 1, SELF);
    fill(middle, 0x5 << 3 | 4, 6, notification);
    fill(middle, 0x5 << 3 | 5, 6, bottom);
    fill(top, 0xa << 2 | 1, 6, middle);
    fill(top, 0xa << 2 | 2, 6, endpoint);
    fill(top, 0xa << 2 | 3, 6, deep);
    fill(deep, 1, 62, endpoint);
}

static void lookup(seL4_Word index, seL4_Uint8 depth)
{
    CASE(seL4_CNode_Copy(CNODE, target, WORD, top, index, depth, seL4_AllRights), "source %lx, %u bits",
         index, depth);
    SEL4_UTIL_CHECK(discard(target));
    CASE(seL4_CNode_Copy(top, index, depth, CNODE, notification, WORD, seL4_AllRights),
         "destination %lx, %u bits", index, depth);
}

static void test_operations(void)
{
    section("lookups with a depth");
    static const struct {
        seL4_Word index;
        seL4_Uint8 depth;
    } lookups[] = {
        {0x2a, 6},    /* top, slot 2 */
        {0x28, 6},    /* top, slot 0: empty */
        {0x29, 6},    /* top, slot 1: a CNode, as a slot */
        {0x2a, 1},    /* fewer bits than the guard */
        {0x2a, 3},    /* the same */
        {0x2, 2},     /* a guard that does not match its part */
        {0xa, 4},     /* the guard and nothing else */
        {0x15, 5},    /* and half of the radix */
        {0x0a, 6},    /* another guard */
        {0x3a, 6},    /* another guard */
        {0xaa, 8},    /* one that starts like ours */
        {0x54, 7},    /* an endpoint with a bit left */
        {0x2a0, 10},  /* an endpoint with four bits left */
        {0x280, 10},  /* an empty slot with four bits left */
        {0xa6c, 12},  /* middle, slot 4 */
        {0xa68, 12},  /* middle, slot 0: empty */
        {0xa6d, 12},  /* bottom as a slot */
        {0xa60, 12},  /* another guard in middle */
        {0x52, 7},    /* middle, fewer bits than its guard */
        {0x14d, 9},   /* middle, its guard only */
        {0x29b, 10},  /* and a bit of its radix */
        {0x14db, 13}, /* bottom, slot 1 */
        {0x14da, 13}, /* bottom, slot 0: empty */
        {0x29b6, 14}, /* a TCB with a bit left */
        {0xac, 6},    /* index bits above the depth are ignored: guard 0xb */
        {0x1ea, 6},   /* the same, our guard */
        {0x2b, 6},    /* deep as a slot */
        {0x56, 7},    /* deep, a bit of its guard */
        {0xac00000000000001, 64},
        {0xa400000000000000, 64},
        {0xffffffffffffffff, 64},
        {0, 64},
    };
    for (unsigned i = 0; i < sizeof(lookups) / sizeof(*lookups); i++) {
        lookup(lookups[i].index, lookups[i].depth);
    }
}

enum action {
    SEND,
    NBSEND,
    CALL,
    RECV,
    NBRECV,
    REPLYRECV,
    IDENTIFY
};

/* What the thread in the other capability space shall do. */
static volatile struct {
    enum action action;
    seL4_CPtr cap;
    seL4_Word found;
    bool done;
} order;

static void follow_order(void *unused)
{
    (void)unused;
    for (;;) {
        seL4_MessageInfo_t info = seL4_MessageInfo_new(0, 0, 0, 0);
        switch (order.action) {
        case SEND:
            seL4_Send(order.cap, info);
            break;
        case NBSEND:
            seL4_NBSend(order.cap, info);
            break;
        case CALL:
            order.found = seL4_MessageInfo_get_label(seL4_Call(order.cap, info));
            break;
        case RECV:
            seL4_Recv(order.cap, NULL);
            break;
        case NBRECV:
            seL4_NBRecv(order.cap, NULL);
            break;
        case REPLYRECV:
            seL4_ReplyRecv(order.cap, info, NULL);
            break;
        default:
            order.found = seL4_DebugCapIdentify(order.cap);
            break;
        }
        order.done = true;
        /* Divides by zero, so as to report by a fault, which needs no capability. */
        asm volatile("xorl %%eax, %%eax; movl %%eax, %%edx; divl %%eax" ::: "eax", "edx");
    }
}

static struct sel4_util_thread *thread;

/* Let the thread do one thing in its capability space; say what came of it. */
static void act(enum action action, const char *name, seL4_CPtr cap)
{
    order.action = action;
    order.cap = cap;
    order.found = 0xdead;
    order.done = false;
    seL4_UserContext registers;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 0, 0, 20, &registers));
    registers.rip = (seL4_Word)follow_order;
    registers.rsp = (seL4_Word)thread->stack_top - 8;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, 20, &registers));
    seL4_MessageInfo_t info = seL4_Recv(fault_endpoint, NULL);
    if (seL4_MessageInfo_get_label(info) == seL4_Fault_CapFault) {
        SAY("%s %lx: cap fault, %lu words: address %lx, receive phase %lx, failure %lx", name, cap,
            seL4_MessageInfo_get_length(info), seL4_GetMR(seL4_CapFault_Addr),
            seL4_GetMR(seL4_CapFault_InRecvPhase), seL4_GetMR(seL4_CapFault_LookupFailureType));
        for (seL4_Word i = seL4_CapFault_BitsLeft; i < seL4_MessageInfo_get_length(info); i++) {
            SAY(" %lx", seL4_GetMR((int)i));
        }
        SAY("\n");
    } else if (!order.done) {
        SAY("%s %lx: fault %lx\n", name, cap, seL4_MessageInfo_get_label(info));
    } else {
        SAY("%s %lx: went through, found %lx\n", name, cap, order.found);
    }
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
}

static void test_thread(void)
{
    section("lookups of a thread");
    /* Its root: guard 0x1 of 52 bits over the slots of top and so on, 2^3 slots. */
    seL4_CPtr root = guarded(3, 0x1, 52);
    fill(root, 1 << 3 | 1, 55, notification);
    fill(root, 1 << 3 | 2, 55, endpoint);
    fill(root, 1 << 3 | 3, 55, middle);
    fill(root, 1 << 3 | 4, 55, top);
    fill(root, 1 << 3 | 5, 55, deep);
    fill(root, 1 << 3 | 6, 55, fault_endpoint);
    fill(root, 1 << 3 | 7, 55, SELF);
    seL4_CPtr fault_address = (1ul << 3 | 6) << 9;
    SEL4_UTIL_CHECK(seL4_TCB_SetSpace(thread->tcb, fault_address, root, 0, VSPACE, 0));
    static const seL4_CPtr addresses[] = {
        0x1200,             /* notification, nine bits left over */
        0x12ff,             /* the same */
        0x1000,             /* empty */
        0x1600,             /* middle, guard 0 */
        0x1740,             /* middle, guard 5, slot 0: empty */
        0x1760,             /* notification in middle */
        0x1768,             /* bottom */
        0x176c,             /* bottom, slot 1 */
        0x1868,             /* top: guard 0xa wants four of nine bits, here 3 */
        0x1950,             /* top, slot 2 */
        0x1940,             /* top, slot 0: empty */
        0x1948,             /* top, middle: three bits left for its guard of three and radix of three */
        0x1a00,             /* deep: guard of 60 */
        0x1e00,             /* TCB */
        0x0,                /* another guard */
        0x3200,             /* another guard */
        0xffffffffffffffff, /* another guard */
    };
    static const char *const names[] = {"send", "nbsend", "call", "recv", "nbrecv", "replyrecv", "identify"};
    for (unsigned i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        bool blocks = addresses[i] == 0x1950 || (addresses[i] & ~0xfful) == 0x1200 || addresses[i] == 0x1760;
        for (enum action action = SEND; action <= IDENTIFY; action++) {
            if (blocks && action != NBSEND && action != NBRECV && action != IDENTIFY) {
                continue;
            }
            act(action, names[action], addresses[i]);
        }
    }
}

/* The endpoint for faults is looked up in the faulting thread's own capability space. */
static void test_fault_endpoint(void)
{
    section("a fault endpoint that is not there");
    static const seL4_CPtr addresses[] = {0x55, 0x8000000000000000, 0x4000000000000000, 0};
    for (unsigned i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        SEL4_UTIL_CHECK(seL4_TCB_SetSpace(thread->tcb, addresses[i], bottom, 0, VSPACE, 0));
        SEL4_UTIL_CHECK(seL4_TCB_Resume(thread->tcb)); /* to its division */
        let_run();
    }
}

int main(seL4_BootInfo *info)
{
    open(info);
    build();
    target = slot();
    test_operations();
    build(); /* the destinations were filled */
    order.action = IDENTIFY;
    thread = spawn_faulting("other", follow_order, NULL, PRIORITY_LOW, fault_endpoint);
    seL4_Recv(fault_endpoint, NULL); /* it has its IPC buffer now */
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    test_thread();
    test_fault_endpoint();
    close();
    return 0;
}
