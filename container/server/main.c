/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's loop: one message at a time, each answered at once, or never when its sender is no more. */
#include <sel4/sel4.h>

#include "container/server/command.h"
#include "container/server/passing.h"
#include "container/server/terminal.h"

enum {
    SIGNAL_KILL = 9
};

cap_address server_endpoint;

_Noreturn void server_main(const struct container_order *order);

extern seL4_Word selkie_entry; /* of libsel4 */

/* What the caller is making. */
static struct process *subject_built(const struct call *call)
{
    struct process *process = call_subject(call);
    return process && process->state == PROCESS_BUILT && !process->is_outdated ? process : NULL;
}

static long serve_ready(struct call *call)
{
    struct process *process = call->process;
    cap_address slot = process->notification ? 0 : slot_alloc();
    if (!slot || seL4_CNode_Copy(CONTAINER_SLOT_CNODE, slot, seL4_WordBits, process->cnode, call->word[0],
                                 seL4_WordBits, seL4_CanWrite) != seL4_NoError) {
        return -EINVAL;
    }
    process->notification = slot;
    if (process->pending_count > 0) { /* signals that came before */
        process_notify(process);
    }
    return process->pid;
}

static long serve_new(struct call *call)
{
    struct process *parent = process_find((int)call->word[0]);
    if (!parent ||
        (parent != call->process && parent->host != call->process && parent != call->process->parent)) {
        return -ESRCH;
    }
    struct process *child = process_new(parent, call->process);
    return child ? child->pid : -EAGAIN;
}

/* What was begun and cannot be is as if it had never been. */
static long outcome(struct process *process, bool is_good)
{
    if (!is_good) {
        process_end(process, 0);
    }
    return is_good ? 0 : -ENOMEM;
}

static long serve_build(const struct call *call)
{
    struct process *process = call_subject(call);
    if (!process || process->state != PROCESS_HOSTED) {
        return -EINVAL;
    }
    return outcome(process, process_build(process, call->word[1]));
}

static long serve_share(const struct call *call)
{
    struct process *process = subject_built(call);
    if (!process) {
        return -EINVAL;
    }
    uint64_t left = IMAGE_SLOT; /* none twice: others wait meanwhile */
    for (unsigned i = 1; i + 1 < call->count; i += 2) {
        uint64_t slot = call->word[i], end = slot + call->word[i + 1];
        for (; slot < end && slot < IMAGE_SLOT && left > 0; slot++, left--) {
            if (!process_leaf(process, slot)) {
                return outcome(process, false);
            }
            (void)seL4_CNode_Copy(process->cnode, slot, seL4_WordBits, call->process->cnode, slot,
                                  seL4_WordBits, seL4_AllRights);
        }
    }
    return 0;
}

static long serve_copy(const struct call *call)
{
    struct process *process = subject_built(call);
    struct page_copy pages[WINDOW_PAGES];
    unsigned count = 0;
    if (!process) {
        return -EINVAL;
    }
    for (unsigned i = 1; i + 1 < call->count; i += 2) {
        uint64_t vaddr = call->word[i], slot = call->word[i + 1];
        if (slot >= IMAGE_SLOT || vaddr < CONTAINER_PERSONALITY || vaddr >= CONTAINER_END) {
            return -EINVAL;
        }
        pages[count++] = (struct page_copy){.vaddr = page_down(vaddr), .slot = slot};
        if (count == WINDOW_PAGES || i + 3 >= call->count) {
            if (!pages_copy(process, call->process, pages, count)) {
                return outcome(process, false);
            }
            count = 0;
        }
    }
    return 0;
}

static long serve_start(struct call *call)
{
    struct process *process = subject_built(call);
    if (!process) {
        return -EINVAL;
    }
    const struct image_source source = {
        .process = call->process, .scratch_start = call->word[3], .scratch_end = call->word[4]};
    if (!process->renews) {
        return outcome(process, process_start(process, &source, call->word[1], call->word[2], 0));
    }
    if (!process_renew_start(process, &source, call->word[1], call->word[2])) {
        return outcome(process, false);
    }
    call->process = NULL; /* who asked does not go on, and is not answered */
    return 0;
}

static long serve_exit(const struct call *call)
{
    struct process *process = call_subject(call);
    if (process) {
        memcpy(process->usage, &call->word[2], sizeof process->usage);
        process_end(process, (int)call->word[1]);
    }
    return process ? 0 : -ESRCH;
}

static long serve_kill(const struct call *call)
{
    const struct process *sender = call_subject(call);
    struct server_signal signal = {
        .signal = (int32_t)call->word[2], .code = (int32_t)call->word[3], .value = call->word[4]};
    if (!sender) {
        return -ESRCH;
    }
    signal.sender = sender->pid;
    return signal_send_to(sender, (int)call->word[1], &signal);
}

static long serve(struct call *call)
{
    struct process *process = call->process, *named;
    const uint64_t *word = call->word;
    switch (call->label) {
    case SERVER_READY:
        return serve_ready(call);
    case SERVER_IDS:
        return id_next(SERVER_ID_COUNT);
    case SERVER_GRANT:
        return memory_grant(process, word[0], word[1], word[2]);
    case SERVER_SLOTS:
        return process_leaf_new(process);
    case SERVER_MEMORY:
        call->count = 2;
        return (long)memory_left(&call->word[1]);
    case SERVER_NEW:
        return serve_new(call);
    case SERVER_BUILD:
        return serve_build(call);
    case SERVER_SHARE:
        return serve_share(call);
    case SERVER_COPY:
        return serve_copy(call);
    case SERVER_START:
        return serve_start(call);
    case SERVER_RENEW:
        return process_renew(process);
    case SERVER_RENEWED:
        return process_renew_end(process);
    case SERVER_EXIT:
        return serve_exit(call);
    case SERVER_KILL:
        return serve_kill(call);
    case SERVER_TAKE:
        return serve_take(call);
    case SERVER_GET_GROUP:
        return serve_get_group(call);
    case SERVER_FUTEX_WAIT:
        process->has_futex_waiters = true;
        return 0;
    case SERVER_FUTEX_WAKE:
        return serve_futex_wake(process);
    case SERVER_NAME:
        return serve_name(call);
    case SERVER_SET:
        return serve_set(call);
    case SERVER_ASK_NAME:
        return serve_ask_name(call);
    case SERVER_ADJUST:
        return serve_adjust(call);
    case SERVER_PASS:
        return serve_pass(call);
    case SERVER_INFO:
        return serve_info(call);
    case SERVER_QUESTION:
        return serve_question(call);
    case SERVER_QUESTION_TAKE:
        return serve_question_take(call);
    case SERVER_ANSWER:
        return serve_answer(call);
    case SERVER_ANSWER_TAKE:
        return serve_answer_take(call);
    case SERVER_SCHEDULE:
        return serve_schedule(process, call->info);
    default:
        break;
    }
    named = call_subject(call);
    if (!named) {
        return -ESRCH;
    }
    switch (call->label) {
    case SERVER_STOPPED:
        family_stopped(named, (int)word[1]);
        return 0;
    case SERVER_WAIT:
        call->count = 4;
        return family_wait(named, (int)word[1], (int)word[2], &call->word[1]);
    case SERVER_SET_GROUP:
        return family_set_group(named, (int)word[1], (int)word[2]);
    case SERVER_NEW_SESSION:
        return family_new_session(named);
    case SERVER_TERMINAL:
        return serve_terminal(named, call);
    default:
        return -ENOSYS;
    }
}

/* A personality that made a fault: its process ends, and nothing else. */
static void personality_ended(struct process *process, const struct call *call)
{
    if (call->label == CONTAINER_BROKEN) {
        log_line("process %d (%s) ends: its personality cannot go on", process->pid, process->name);
        process_end(process, SIGNAL_KILL);
        return;
    }
    log_line("process %d (%s): the personality faulted (%lu) at ip 0x%lx, address 0x%lx", process->pid,
             process->name, call->label, call->word[0], call->word[1]);
    process_end(process, SIGNAL_KILL);
}

/* What the manager shows of the container. */
static void board_write(void)
{
    struct container_board *board = (struct container_board *)CONTAINER_BOARD;
    uint64_t total, count = 0, left = memory_left(&total);
    for (unsigned i = 0; i < processes_used; i++) {
        count += processes[i].state == PROCESS_RUNS;
    }
    __atomic_store_n(&board->memory_used, total - left, __ATOMIC_RELAXED);
    __atomic_store_n(&board->process_count, count, __ATOMIC_RELAXED);
}

static void bell_rang(void)
{
    struct container_board *board = (struct container_board *)CONTAINER_BOARD;
    signals_from_manager();
    time_continue(__atomic_exchange_n(&board->has_stood, 0, __ATOMIC_ACQ_REL));
    if (__atomic_exchange_n(&board->wants_time, 0, __ATOMIC_ACQ_REL)) {
        __atomic_store_n(&board->processor_us, time_used_us(), __ATOMIC_RELAXED);
    }
}

/* True: `call` holds an answer. */
static bool message_serve(struct call *call, uint64_t badge, seL4_MessageInfo_t info)
{
    if (time_message(badge)) {
        return false;
    }
    if (badge == 0 || badge > PROCESSES) {
        bell_rang();
        processes_end_doomed();
        return false;
    }
    call->process = &processes[badge - 1];
    call->label = seL4_MessageInfo_get_label(info);
    call->info = info;
    call->count = (unsigned)seL4_MessageInfo_get_length(info);
    call->count = call->count < seL4_MsgMaxLength ? call->count : seL4_MsgMaxLength;
    memset(call->word, 0, 8 * sizeof *call->word);
    memcpy(call->word, seL4_GetIPCBuffer()->msg, call->count * sizeof *call->word);
    blocks_reserve(); /* which uses the IPC buffer, too */
    if (call->label < SERVER_READY) {
        personality_ended(call->process, call);
        processes_end_doomed();
        return false;
    }
    call->word[0] = (uint64_t)serve(call);
    processes_end_doomed();
    if (call->label == SERVER_GRANT || call->label == SERVER_START || call->label == SERVER_EXIT) {
        board_write();
    }
    return call->process && call->process->state == PROCESS_RUNS;
}

static seL4_MessageInfo_t answer_set(const struct call *call)
{
    unsigned count = call->count > 0 ? call->count : 1;
    memcpy(seL4_GetIPCBuffer()->msg, call->word, count * sizeof *call->word);
    return seL4_MessageInfo_new(0, 0, 0, count);
}

static _Noreturn void serve_all(void)
{
    static struct call call;
    seL4_Word badge;
    bool has_answer = false;
    for (;;) {
        seL4_MessageInfo_t info =
            has_answer ? server_reply_receive(answer_set(&call), &badge) : server_receive(&badge);
        has_answer = message_serve(&call, badge, info);
        arrival_drop(info);
        blocks_reserve(); /* not before, since it may use the IPC buffer */
    }
}

_Noreturn void server_main(const struct container_order *order)
{
    seL4_SetIPCBuffer((seL4_IPCBuffer *)CONTAINER_IPC_BUFFER);
    selkie_entry = order->entry;
    log_init(order);
    object_init();
    blocks_init(order);
    server_endpoint = object_alloc(seL4_EndpointObject, 0);
    if (!server_endpoint || !time_init()) {
        broken("not enough memory to start");
    }
    if (seL4_TCB_BindNotification(CONTAINER_SLOT_TCB, CONTAINER_SLOT_BELL) ==
        seL4_NoError) { /* a manager is there */
        struct container_board *board = (struct container_board *)CONTAINER_BOARD;
        __atomic_store_n(&board->takes_signals, 1, __ATOMIC_RELEASE);
    }
    image_init(order);
    blocks_reserve();
    struct process *first = process_new(NULL, NULL);
    terminals_init(order);
    if (!first || !process_build(first, false) ||
        !process_start(first, NULL, image_entry(), CONTAINER_STACK_TOP, CONTAINER_ORDER)) {
        broken("not enough memory for the first process");
    }
    serve_all();
}

asm(".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "    xorl %ebp, %ebp\n"
    "    call server_main\n"
    "    ud2\n"
    ".size _start, . - _start\n");
