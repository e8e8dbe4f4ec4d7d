/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stress test: a hundred threads in twenty VSpaces exchange messages, all at one priority, and keep sums
 * in memory and in registers. This is the root task: it builds the system, hears who is done or found
 * something wrong, and adds up. It says "all sums right" or, in a line that begins with "wrong:", who found
 * what.
 */
#include "stress.h"

SEL4_UTIL_EMBEDDED(image_worker);

enum {
    PRIORITY_WORKER = 100,
    BADGE_FAULT = 1 << 10, /* + thread */
    IPC_BUFFERS = 0x0f100000,
    FLAGS_RESERVED_BIT = 0x2
};

static volatile const struct stress_selection selection __attribute__((used)) = {
    .mark = {'s', 'e', 'l', 'k', 'i', 'e', '-', 's', 't', 'r', 'e', 's', 's', 'r', 'u', 'n'},
    .messages = 20000,
    .seed = 1,
};

static const char *const wrong_names[] = {
#define X(name, text) text,
    WRONG_LIST(X)
#undef X
};

static struct sel4_util_allocator pool;
static struct sel4_util_component spaces[SPACES];
static seL4_CPtr report, endpoints[SERVERS], notifications[THREADS];

static seL4_CPtr make(seL4_Word type)
{
    seL4_CPtr cap = sel4_util_object_alloc(&pool, type, 0);
    if (!cap) {
        sel4_util_panic("wrong: out of memory or slots\n");
    }
    return cap;
}

static void give(unsigned space, seL4_Word slot, seL4_CPtr cap, seL4_Word badge)
{
    SEL4_UTIL_CHECK(sel4_util_component_give(&spaces[space], slot, cap, seL4_AllRights, badge));
}

static void space_make(unsigned space, seL4_Word share)
{
    SEL4_UTIL_CHECK(sel4_util_component_load(&spaces[space], &pool,
                                             &(struct sel4_util_component_config){
                                                 .name = "worker",
                                                 .image = image_worker_start,
                                                 .image_size = SEL4_UTIL_EMBEDDED_SIZE(image_worker),
                                                 .priority = PRIORITY_WORKER,
                                                 .fault_endpoint = SLOT_FAULT,
                                             }));
    give(space, SLOT_REPORT, report, space + 1);
    for (unsigned server = 0; server < SERVERS; server++) {
        give(space, SLOT_SERVER + server, endpoints[server], space + 1);
    }
    give(space, SLOT_OWN, endpoints[2 * space], 0);
    give(space, SLOT_OWN + 1, endpoints[2 * space + 1], 0);
    for (unsigned number = 0; number < THREADS_PER_SPACE; number++) {
        unsigned thread = space * THREADS_PER_SPACE + number;
        give(space, SLOT_FAULT + number, report, BADGE_FAULT + thread);
        if (stress_role(thread) == ROLE_PAIR) {
            give(space, SLOT_WAIT + number, notifications[thread], 0);
            give(space, SLOT_SIGNAL + number, notifications[stress_partner(thread)], thread + 1);
        }
    }
    SEL4_UTIL_CHECK(sel4_util_component_start(&spaces[space], space, share, selection.seed, 0));
}

/* One of the five threads of a VSpace, as its component's own thread tells. */
static void thread_make(unsigned space, unsigned number, const seL4_Word words[4])
{
    const struct sel4_util_component *component = &spaces[space];
    seL4_Word buffer = IPC_BUFFERS + number * LIBSEL4_BIT(seL4_PageBits);
    seL4_CPtr frame = make(seL4_X86_4K);
    seL4_TCB tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, component->vspace, frame, buffer, seL4_ReadWrite));
    seL4_Word guard_bits = seL4_WordBits - SEL4_UTIL_COMPONENT_CNODE_BITS;
    SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, SLOT_FAULT + number, component->cnode,
                                       seL4_CNode_CapData_new(0, guard_bits).words[0], component->vspace, 0,
                                       buffer, frame));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, PRIORITY_WORKER, PRIORITY_WORKER));
    seL4_UserContext registers = {
        .rip = words[0],
        .rsp = words[1] - sizeof(seL4_Word), /* as after a call */
        .rflags = FLAGS_RESERVED_BIT,
        .rdi = buffer,
        .rsi = number,
        .fs_base = words[2],
        .gs_base = words[3],
    };
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
}

static void failed(void)
{
    sel4_util_printf("failed\n");
    seL4_DebugHalt();
    sel4_util_stop(seL4_CapInitThreadTCB);
}

static void fault_print(seL4_Word thread, seL4_Word label, const seL4_Word words[4])
{
    sel4_util_printf("wrong: thread %lu: fault %lx: %lx %lx %lx %lx\n", thread, label, words[0], words[1],
                     words[2], words[3]);
    failed();
}

static void wrong_print(const seL4_Word words[4])
{
    sel4_util_printf("wrong: thread %lu: %s: %lx is %lx\n", words[0],
                     words[1] < sizeof(wrong_names) / sizeof(*wrong_names) ? wrong_names[words[1]] : "?",
                     words[2], words[3]);
    failed();
}

struct totals {
    seL4_Word called_and_sent, signalled, nested, received; /* messages */
    seL4_Word sum_sent, sum_received;
};

/* Hear everybody until all that begin something are done. */
static void reports_hear(struct totals *totals)
{
    for (unsigned done = 0; done < INITIATORS;) {
        seL4_Word badge, words[4];
        seL4_MessageInfo_t info =
            seL4_RecvWithMRs(report, &badge, &words[0], &words[1], &words[2], &words[3]);
        seL4_Word label = seL4_MessageInfo_get_label(info);
        if (badge & BADGE_FAULT) {
            fault_print(badge - BADGE_FAULT, label, words);
        } else if (label == REPORT_WRONG) {
            wrong_print(words);
        } else if (label == REPORT_DONE) {
            seL4_Word *count =
                stress_role((unsigned)words[0]) == ROLE_PAIR ? &totals->signalled : &totals->called_and_sent;
            *count += words[1];
            totals->sum_sent += words[2];
            done++;
        } else {
            thread_make((unsigned)badge - 1, (unsigned)(label - REPORT_THREAD), words);
            seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        }
    }
}

static void servers_ask(struct totals *totals)
{
    for (unsigned server = 0; server < SERVERS; server++) {
        seL4_Word words[4] = {0};
        seL4_CallWithMRs(endpoints[server], seL4_MessageInfo_new(MESSAGE_END, 0, 0, 4), &words[0], &words[1],
                         &words[2], &words[3]);
        totals->received += words[0];
        totals->nested += words[1];
        totals->sum_received += words[2];
        totals->sum_sent += words[3];
    }
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&pool, info);
    report = make(seL4_EndpointObject);
    for (unsigned server = 0; server < SERVERS; server++) {
        endpoints[server] = make(seL4_EndpointObject);
    }
    for (unsigned thread = 0; thread < THREADS; thread++) {
        notifications[thread] = make(seL4_NotificationObject);
    }
    seL4_Word share = (selection.messages + INITIATORS - 1) / INITIATORS;
    for (unsigned space = 0; space < SPACES; space++) {
        space_make(space, share);
    }
    struct totals totals = {0};
    reports_hear(&totals);
    servers_ask(&totals);
    sel4_util_printf(
        "%d threads in %d VSpaces: %lu messages of calls and sends, %lu signals, %lu messages between "
        "servers; %lu requests served\n",
        THREADS, SPACES, totals.called_and_sent, totals.signalled, totals.nested, totals.received);
    if (totals.sum_sent != totals.sum_received) {
        sel4_util_printf("wrong: what was sent sums up to %lx, what was received to %lx\n", totals.sum_sent,
                         totals.sum_received);
        failed();
    }
    sel4_util_printf("all sums right\n");
    return 0;
}
