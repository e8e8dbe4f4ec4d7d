/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A page that holds code with system calls and is an IPC buffer, too: what only the kernel writes there is what
 * the threads that run in it read, in each VSpace that has the page. (code_pages: who reads has written before.)
 */
#include "subject.h"

enum {
    ROUNDS = 6,
    WORD_AT = 10,  /* the message word that is looked at */
    CODE_AT = 2048 /* in the page, behind the IPC buffer */
};

static unsigned char page[4096] __attribute__((aligned(4096)));
static volatile seL4_Word seen;

/* Receive, then copy the word. r13: the capability, rbx: the call, r14: from, r12: to. */
extern const char looker[], looker_end[];
asm(".balign 16\n"
    ".globl looker, looker_end\n"
    "looker:\n"
    "    movq %r13, %rdi\n"
    "    movq %rbx, %rdx\n"
    "    syscall\n"
    "    nop; nop; nop\n"
    "    movq (%r14), %rcx\n"
    "    movq %rcx, (%r12)\n"
    "    jmp looker\n"
    "looker_end:\n");

static seL4_TCB thread_make(seL4_CPtr vspace, seL4_Word ipc_buffer, seL4_CPtr frame)
{
    seL4_TCB tcb = make(seL4_TCBObject);
    SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, seL4_CapNull, CNODE, 0, vspace, 0, ipc_buffer, frame));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(tcb, SELF, PRIORITY_HIGH, PRIORITY_HIGH));
    return tcb;
}

/* It waits in its first call when this returns. */
static void looker_start(seL4_TCB tcb, seL4_CPtr endpoint)
{
    const seL4_IPCBuffer *buffer = (const seL4_IPCBuffer *)page;
    seL4_UserContext registers = {.rip = (seL4_Word)page + CODE_AT,
                                  .rsp = 0x1000,
                                  .rflags = 0x202,
                                  .rbx = (seL4_Word)seL4_SysRecv,
                                  .r12 = (seL4_Word)&seen,
                                  .r13 = endpoint,
                                  .r14 = (seL4_Word)&buffer->msg[WORD_AT]};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, SUBJECT_REGISTERS, &registers));
}

static void send(seL4_CPtr endpoint, seL4_Word word)
{
    seL4_SetMR(WORD_AT, word);
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, WORD_AT + 1));
}

static void nudge(seL4_CPtr endpoint)
{
    seen = 0;
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
}

int main(seL4_BootInfo *info)
{
    open(info);
    seL4_CPtr endpoint = make(seL4_EndpointObject), others = make(seL4_EndpointObject);
    memcpy(page + CODE_AT, looker, (seL4_Word)(looker_end - looker));
    seL4_CPtr vspace = vspace_make_with_image();

    section("one VSpace");
    looker_start(thread_make(VSPACE, (seL4_Word)page, copy(image_frame((seL4_Word)page))), endpoint);
    for (seL4_Word i = 0; i < ROUNDS; i++) {
        send(endpoint, 100 + i);
        SAY("sent %lu, read %lu\n", 100 + i, seen);
    }

    section("and another that has the page");
    looker_start(thread_make(vspace, 0, seL4_CapNull), others);
    for (seL4_Word i = 0; i < ROUNDS; i++) {
        send(endpoint, 200 + i);
        SAY("sent %lu, read %lu", 200 + i, seen);
        nudge(others);
        SAY(", there %lu\n", seen);
    }

    section("an empty message leaves it");
    nudge(endpoint);
    SAY("read %lu\n", seen);
    close();
    return 0;
}
