/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MCS kernel: each thread of the container needs a scheduling context, and the server has them all. It cannot make
 * time itself: the manager does (CONTAINER_TIME), once where the container's share of the processor is not limited, else
 * slice by slice. A slice that is used ends in a timeout fault, which the server answers when there is another one; threads
 * that wait for it stand in a queue.
 *
 * Processes get no capability of a scheduling context, only the use of one: their threads' TCBs are bound here. One
 * whose thread is gone waits for the next, with what is left of its slice, so that nothing of the share gets lost.
 *
 * What of a thread a process sends is a capability of its choice. It is named to the kernel first in an invocation of our
 * own (Bind), which takes threads and notifications only; so nothing that could keep us waiting is ever invoked.
 */
#include "container/linux/heap.h"
#include "container/server/server.h"

#define BADGE_TIME (1ul << 32) /* of timeout faults; badges of processes are small */

enum {
    CHUNK = 64,
    CHUNKS = 1024
};

struct turn {
    cap_address context, reply, tcb; /* tcb 0: nobody's */
    struct turn *next;               /* of its process', or of those that are nobody's */
    struct turn *queue_next;         /* of those that wait */
    unsigned index;                  /* the badge of its timeout faults */
    bool is_waiting, is_reply_kept;
    uint64_t given_us; /* the last slice; 0: none */
    uint64_t used_us;  /* of it, as far as it was counted */
};

static struct turn *chunks[CHUNKS];
static unsigned turn_count, used_count;
static struct turn *spare_turns;
static struct turn *queue_first, **queue_end = &queue_first;
static bool is_refused; /* until the bell rings there is nothing more */
static uint64_t all_used_us;
static cap_address server_reply, timeout_endpoint, arrival;

static void arrival_open(cap_address slot)
{
    arrival = slot;
    seL4_SetCapReceivePath(CONTAINER_SLOT_CNODE, slot, seL4_WordBits);
}

bool time_init(void)
{
    server_reply = object_alloc(seL4_ReplyObject, 0);
    timeout_endpoint = slot_alloc();
    arrival_open(slot_alloc());
    return server_reply && timeout_endpoint && arrival &&
           seL4_CNode_Mint(CONTAINER_SLOT_CNODE, timeout_endpoint, seL4_WordBits, CONTAINER_SLOT_CNODE,
                           server_endpoint, seL4_WordBits, seL4_AllRights, BADGE_TIME) == seL4_NoError;
}

seL4_MessageInfo_t server_receive(seL4_Word *badge)
{
    return seL4_Recv(server_endpoint, badge, server_reply);
}

seL4_MessageInfo_t server_reply_receive(seL4_MessageInfo_t answer, seL4_Word *badge)
{
    return seL4_ReplyRecv(server_endpoint, answer, badge, server_reply);
}

void arrival_drop(seL4_MessageInfo_t info)
{
    if (seL4_MessageInfo_get_extraCaps(info)) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, arrival, seL4_WordBits);
    }
}

static struct turn *turn_at(uint64_t index)
{
    return index < turn_count ? &chunks[index / CHUNK][index % CHUNK] : NULL;
}

static void turn_count_up(struct turn *turn, uint64_t us)
{
    turn->used_us += us;
    all_used_us += us;
}

/* One that is nobody's; NULL: no memory, or too many. */
static struct turn *turn_take(void)
{
    struct turn *turn = spare_turns;
    if (!turn) {
        struct turn **chunk = turn_count < CHUNKS * CHUNK ? &chunks[turn_count / CHUNK] : NULL;
        if (!chunk || (!*chunk && !(*chunk = heap_alloc(CHUNK * sizeof **chunk)))) {
            return NULL;
        }
        turn = &(*chunk)[turn_count % CHUNK];
        turn->index = turn_count++;
        turn->next = NULL;
        spare_turns = turn;
    }
    turn->context =
        turn->context ? turn->context : object_alloc(seL4_SchedContextObject, seL4_MinSchedContextBits);
    turn->reply = turn->reply ? turn->reply : object_alloc(seL4_ReplyObject, 0);
    if (!turn->context || !turn->reply) {
        return NULL;
    }
    spare_turns = turn->next;
    return turn;
}

static void turn_spare(struct turn *turn)
{
    turn->tcb = 0;
    turn->next = spare_turns;
    spare_turns = turn;
}

static void queue_remove(struct turn *turn)
{
    struct turn **at = &queue_first;
    while (*at && *at != turn) {
        at = &(*at)->queue_next;
    }
    if (*at) {
        *at = turn->queue_next;
        queue_end = turn->queue_next ? queue_end : at;
        turn->is_waiting = false;
    }
}

/* Ask for a slice, and tell what was used beyond the last one. A context that has a thread which can run keeps to its old
 * slice, so it has none meanwhile. */
static long slice_ask(struct turn *turn)
{
    uint64_t over = turn->used_us > turn->given_us ? turn->used_us - turn->given_us : 0;
    turn->given_us = turn->used_us = 0;
    seL4_SchedContext_Unbind(turn->context);
    seL4_SetMR(0, used_count);
    seL4_SetMR(1, over);
    seL4_SetMR(2, turn->index);
    seL4_SetCap(0, turn->context);
    seL4_Call(CONTAINER_SLOT_CONTROL, seL4_MessageInfo_new(CONTAINER_TIME, 0, 1, 3));
    return (long)seL4_GetMR(0);
}

static void turn_continue(struct turn *turn, long given)
{
    queue_remove(turn);
    turn->given_us = given > 0 ? (uint64_t)given : 0;
    turn->used_us = 0;
    seL4_SchedContext_Bind(turn->context, turn->tcb);
    if (turn->is_reply_kept) {
        turn->is_reply_kept = false;
        seL4_Send(turn->reply, seL4_MessageInfo_new(0, 0, 0, 0));
    }
}

static void queue_serve(void)
{
    while (queue_first && !is_refused) {
        struct turn *turn = queue_first;
        long given = slice_ask(turn);
        is_refused = given == 0;
        if (!is_refused) {
            turn_continue(turn, given);
        }
    }
}

static void turn_wait(struct turn *turn)
{
    turn->is_waiting = true;
    turn->queue_next = NULL;
    *queue_end = turn;
    queue_end = &turn->queue_next;
    queue_serve();
}

/* Time for the thread in this slot, which becomes the turn's. It is not ours before it is bound. */
static bool time_give(struct process *process, cap_address tcb)
{
    struct turn *turn = turn_take();
    if (!turn) {
        return false;
    }
    if (seL4_SchedContext_Bind(turn->context, tcb) != seL4_NoError) {
        turn_spare(turn);
        return false;
    }
    turn->tcb = tcb;
    turn->next = process->turns;
    process->turns = turn;
    process->turn_count++;
    used_count++;
    seL4_TCB_SetTimeoutEndpoint(tcb, timeout_endpoint);
    if (!turn->given_us) {
        turn_wait(turn);
    }
    return true;
}

long serve_schedule(struct process *process, seL4_MessageInfo_t info)
{
    if (seL4_MessageInfo_get_extraCaps(info) != 1 || seL4_MessageInfo_get_capsUnwrapped(info)) {
        return -EINVAL;
    }
    cap_address next = process->turn_count < SERVER_TURNS ? slot_alloc() : 0;
    if (!next || !time_give(process, arrival)) {
        if (next) {
            slot_free(next);
        }
        return -EAGAIN;
    }
    arrival_open(next);
    return 0;
}

bool thread_configure(struct process *process, uint64_t root_data, cap_address ipc_frame)
{
    cap_address tcb = slot_alloc();
    bool is_good = tcb &&
                   seL4_TCB_Configure(process->tcb, process->root, root_data, process->vspace, 0,
                                      CONTAINER_IPC_BUFFER, ipc_frame) == seL4_NoError &&
                   seL4_TCB_SetSchedParams(process->tcb, CONTAINER_SLOT_TCB, CONTAINER_PRIORITY + 1,
                                           CONTAINER_PRIORITY + 1, 0, process->endpoint) == seL4_NoError &&
                   seL4_CNode_Copy(CONTAINER_SLOT_CNODE, tcb, seL4_WordBits, CONTAINER_SLOT_CNODE,
                                   process->tcb, seL4_WordBits, seL4_AllRights) == seL4_NoError &&
                   time_give(process, tcb);
    if (tcb && !is_good) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, tcb, seL4_WordBits);
        slot_free(tcb);
    }
    return is_good;
}

void time_end(struct process *process)
{
    while (process->turns) {
        struct turn *turn = process->turns;
        process->turns = turn->next;
        process->turn_count--;
        used_count--;
        if (turn->is_waiting) {
            queue_remove(turn);
            turn->given_us = 0;
        }
        turn->is_reply_kept = false;
        seL4_TCB_Suspend(turn->tcb);
        seL4_SchedContext_Unbind(turn->context);
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, turn->tcb, seL4_WordBits);
        slot_free(turn->tcb);
        turn_spare(turn);
    }
}

bool time_message(uint64_t badge)
{
    if (badge != BADGE_TIME) {
        return false;
    }
    struct turn *turn = turn_at(seL4_GetMR(seL4_Timeout_Data));
    uint64_t consumed_us = seL4_GetMR(seL4_Timeout_Consumed); /* since anybody was last told */
    if (turn && turn->tcb && !turn->is_waiting) {
        cap_address kept = server_reply;
        server_reply = turn->reply;
        turn->reply = kept;
        turn->is_reply_kept = true;
        turn_count_up(turn, consumed_us);
        turn_wait(turn);
    }
    return true;
}

/* A timeout fault that nobody received is gone when its thread is suspended, and a thread without time makes no other. */
static void turns_renew(void)
{
    for (unsigned i = 0; i < turn_count; i++) {
        struct turn *turn = turn_at(i);
        if (turn->tcb && !turn->is_waiting) {
            turn_wait(turn);
        }
    }
}

void time_continue(bool has_stood)
{
    is_refused = false;
    if (has_stood) {
        turns_renew();
    }
    queue_serve();
}

uint64_t time_used_us(void)
{
    for (unsigned i = 0; i < turn_count; i++) {
        struct turn *turn = turn_at(i);
        seL4_SchedContext_Consumed_t got = {.error = seL4_InvalidCapability};
        if (turn->context) {
            got = seL4_SchedContext_Consumed(turn->context);
        }
        turn_count_up(turn, got.error ? 0 : got.consumed);
    }
    return all_used_us;
}
