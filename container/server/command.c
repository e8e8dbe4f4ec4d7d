/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that the manager starts here. The manager answers at once, and is trusted as whoever made this container
 * is; what is said of a command that is no more is ignored.
 */
#include "container/server/command.h"

#include <selkie/host.h>

#include "container/server/terminal.h"

enum {
    SIGKILL = 9,
    COMMAND_PAGES = CONTAINER_ORDER_PAGES
};

static union {
    struct container_command command;
    unsigned char bytes[COMMAND_PAGES * PAGE_SIZE];
} the SPARSE;

static seL4_Word ask(seL4_Word label, seL4_Word first, seL4_Word second)
{
    seL4_SetMR(0, first);
    seL4_SetMR(1, second);
    (void)seL4_Call(CONTAINER_SLOT_CONTROL, seL4_MessageInfo_new(label, 0, 0, 2));
    return seL4_GetMR(0);
}

static void tell(seL4_Word label, seL4_Word number, seL4_Word value)
{
    seL4_SetMR(0, number);
    seL4_SetMR(1, value);
    seL4_Send(CONTAINER_SLOT_CONTROL, seL4_MessageInfo_new(label, 0, 0, 2));
}

static bool command_read(uint64_t number, uint64_t size)
{
    uint64_t at = 0;
    while (size >= sizeof the.command && size <= sizeof the && at < size) {
        uint64_t count = ask(CONTAINER_COMMAND_READ, number, at);
        if (count == 0 || count > size - at || count > (seL4_MsgMaxLength - 1) * sizeof(seL4_Word)) {
            return false;
        }
        memcpy(the.bytes + at, &seL4_GetIPCBuffer()->msg[1], count);
        at += count;
    }
    return size > 0 && at == size;
}

/* Its standard files are duplicates, in memory of its own; the manager's go when it likes. */
static bool streams_give(struct process *process)
{
    for (unsigned i = 0; i < CONTAINER_STREAMS; i++) {
        if (selkie_host_object_kind(CONTAINER_SLOT_STREAM + i, NULL) < 0) {
            continue;
        }
        cap_address file = process_object(process, HOST_IO_TYPE, 0, HOST_IO_BITS);
        bool is_good = file && selkie_host_object_duplicate(CONTAINER_SLOT_STREAM + i, file) >= 0 &&
                       seL4_CNode_Move(process->cnode, CONTAINER_SLOT_STREAM + i, seL4_WordBits,
                                       CONTAINER_SLOT_CNODE, file, seL4_WordBits) == seL4_NoError;
        if (file) {
            seL4_CNode_Delete(CONTAINER_SLOT_CNODE, file, seL4_WordBits);
            slot_free(file);
        }
        if (!is_good) {
            return false;
        }
    }
    return true;
}

static bool text_give(struct process *process, uint64_t size)
{
    struct page_copy pages[COMMAND_PAGES];
    unsigned count = 0;
    for (uint64_t at = 0; at < size; at += PAGE_SIZE) {
        uint64_t left = size - at;
        pages[count++] = (struct page_copy){.vaddr = CONTAINER_COMMAND + at,
                                            .slot = process_slot_next(process),
                                            .bytes = the.bytes + at,
                                            .size = left < PAGE_SIZE ? left : PAGE_SIZE};
    }
    return pages_copy(process, NULL, pages, count);
}

/* 0, or a negative error number: then nothing is left of it. */
static long command_run(uint64_t number, uint64_t size)
{
    struct process *process = command_read(number, size) ? process_new(NULL, NULL) : NULL;
    if (!process) {
        return -EAGAIN;
    }
    if (!process_build(process, false) || !streams_give(process) || !text_give(process, size)) {
        process_end(process, SIGKILL);
        return -ENOMEM;
    }
    process->command = number;
    if (the.command.is_terminal && console_add(process, CONTAINER_SLOT_STREAM) < 0) {
        process->command = 0;
        process_end(process, SIGKILL);
        return -ENOMEM;
    }
    if (!process_start(process, NULL, image_entry(), CONTAINER_STACK_TOP, CONTAINER_ORDER)) {
        process->command = 0;
        process_end(process, SIGKILL);
        return -ENOMEM;
    }
    return 0;
}

static void streams_drop(void)
{
    for (unsigned i = 0; i < CONTAINER_STREAMS; i++) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, CONTAINER_SLOT_STREAM + i, seL4_WordBits);
    }
}

static struct process *command_find(uint64_t number)
{
    for (unsigned i = 1; i < processes_used; i++) {
        if (processes[i].state == PROCESS_RUNS && number && processes[i].command == number) {
            return &processes[i];
        }
    }
    return NULL;
}

static void session_kill(int session)
{
    for (unsigned i = processes_used; i-- > 1;) {
        if (processes[i].state != PROCESS_FREE && processes[i].session == session) {
            (void)signal_send_to(&processes[0], processes[i].pid, &(struct server_signal){.signal = SIGKILL});
        }
    }
}

static void news_serve(enum container_news news, uint64_t number, uint64_t value)
{
    const struct process *process = command_find(number);
    if (news == NEWS_RUN) {
        long result = command_run(number, value);
        streams_drop();
        tell(CONTAINER_COMMAND_RUNS, number, (seL4_Word)result);
    } else if (process && news == NEWS_SIGNALS) {
        signals_send(process->pid, value);
    } else if (process && news == NEWS_TERMINAL) {
        terminal_signals(terminal_of_session(process->pid), value);
    } else if (process && news == NEWS_END) {
        session_kill(process->session);
    }
}

void commands_serve(void)
{
    enum container_news news;
    do {
        blocks_reserve();
        news = (enum container_news)ask(CONTAINER_NEWS, 0, 0);
        news_serve(news, seL4_GetMR(1), seL4_GetMR(2));
    } while (news != NEWS_NONE);
}

void command_ended(const struct process *process)
{
    if (process->command) {
        tell(CONTAINER_COMMAND_ENDED, process->command, (seL4_Word)process->status);
    }
}
