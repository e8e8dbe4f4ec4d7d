/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a program enters the kernel on x86-64. Internal to libsel4.
 *
 * In: rdx the number, rdi the capability, rsi the message info, message words 0
 * to 3 in r10, r8, r9 and r15; MCS: r12 the reply capability, r13 what NBSend
 * calls send to. Out: rdi the badge, rsi the message info, the words in the same
 * registers. The instruction destroys rcx and r11, and may destroy rsp, which
 * rbx therefore keeps.
 *
 * With SELKIE_DIRECT_ENTRY a program that finds an address in `selkie_entry` jumps there instead (README.md).
 * Flags and memory are what they are with `syscall` alone.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/functions.h>
#include <sel4/types.h>

#ifdef SELKIE_DIRECT_ENTRY
/* What selkie_enter (src/direct_entry.c) takes: in r11 the address behind the padding, which makes the five bytes
 * full that a patch of the `syscall` overwrites. */
#define SEL4_ENTER                                                                                           \
    "leaq 1f(%%rip), %%r11\n\t"                                                                              \
    "jmp selkie_enter\n\t"                                                                                   \
    "syscall\n\t"                                                                                            \
    "nopl (%%rax)\n"                                                                                         \
    "1:\t"
#else
#define SEL4_ENTER "syscall\n\t"
#endif
#define SEL4_TRAP "movq %%rsp, %%rbx\n\t" SEL4_ENTER "movq %%rbx, %%rsp\n\t"

/* The part of a message that travels in registers. */
struct sel4_words {
    seL4_Word word[seL4_FastMessageRegisters];
};

/* What a system call that receives brings back. */
struct sel4_received {
    seL4_Word badge;
    seL4_Word info;
    struct sel4_words words;
};

/* Registers that only some calls use: the reply capability and, for calls that
 * send to one capability and receive from another, the one sent to. */
struct sel4_extra {
    seL4_CPtr reply;
    seL4_CPtr dest;
};

LIBSEL4_INLINE_FUNC struct sel4_words sel4_words_from_buffer(void)
{
    return (struct sel4_words){{seL4_GetMR(0), seL4_GetMR(1), seL4_GetMR(2), seL4_GetMR(3)}};
}

LIBSEL4_INLINE_FUNC void sel4_words_to_buffer(struct sel4_words words)
{
    seL4_SetMR(0, words.word[0]);
    seL4_SetMR(1, words.word[1]);
    seL4_SetMR(2, words.word[2]);
    seL4_SetMR(3, words.word[3]);
}

/* Take the first `count` words from pointers, of which any may be null. */
LIBSEL4_INLINE_FUNC struct sel4_words sel4_words_from(seL4_Word count, const seL4_Word *mr0,
                                                      const seL4_Word *mr1, const seL4_Word *mr2,
                                                      const seL4_Word *mr3)
{
    return (struct sel4_words){{(mr0 && count > 0) ? *mr0 : 0, (mr1 && count > 1) ? *mr1 : 0,
                                (mr2 && count > 2) ? *mr2 : 0, (mr3 && count > 3) ? *mr3 : 0}};
}

LIBSEL4_INLINE_FUNC void sel4_words_to(struct sel4_words words, seL4_Word *mr0, seL4_Word *mr1,
                                       seL4_Word *mr2, seL4_Word *mr3)
{
    if (mr0) {
        *mr0 = words.word[0];
    }
    if (mr1) {
        *mr1 = words.word[1];
    }
    if (mr2) {
        *mr2 = words.word[2];
    }
    if (mr3) {
        *mr3 = words.word[3];
    }
}

/* Send only. */
LIBSEL4_INLINE_FUNC void sel4_trap_send(seL4_Syscall_ID number, seL4_CPtr dest, seL4_Word info,
                                        struct sel4_words words)
{
    register seL4_Word mr0 asm("r10") = words.word[0];
    register seL4_Word mr1 asm("r8") = words.word[1];
    register seL4_Word mr2 asm("r9") = words.word[2];
    register seL4_Word mr3 asm("r15") = words.word[3];
    asm volatile(SEL4_TRAP
                 :
                 : "d"(number), "D"(dest), "S"(info), "r"(mr0), "r"(mr1), "r"(mr2), "r"(mr3)
                 : "rbx", "rcx", "r11", "memory");
}

/* Neither message words nor an answer. */
LIBSEL4_INLINE_FUNC void sel4_trap_plain(seL4_Syscall_ID number, seL4_Word first, seL4_Word second)
{
    asm volatile(SEL4_TRAP : "+D"(first), "+S"(second) : "d"(number) : "rbx", "rcx", "r11", "memory");
}

#ifdef CONFIG_KERNEL_MCS
#define SEL4_EXTRA_REGISTERS                                                                                 \
    register seL4_Word reply asm("r12") = extra.reply;                                                       \
    register seL4_Word dest asm("r13") = extra.dest;
#define SEL4_EXTRA_OPERANDS , "r"(reply), "r"(dest)
#else
#define SEL4_EXTRA_REGISTERS (void)extra;
#define SEL4_EXTRA_OPERANDS
#endif

/* Receive only. */
LIBSEL4_INLINE_FUNC struct sel4_received sel4_trap_receive(seL4_Syscall_ID number, seL4_CPtr src,
                                                           struct sel4_extra extra)
{
    struct sel4_received received;
    register seL4_Word mr0 asm("r10");
    register seL4_Word mr1 asm("r8");
    register seL4_Word mr2 asm("r9");
    register seL4_Word mr3 asm("r15");
    SEL4_EXTRA_REGISTERS
    asm volatile(SEL4_TRAP
                 : "=D"(received.badge), "=S"(received.info), "=r"(mr0), "=r"(mr1), "=r"(mr2), "=r"(mr3)
                 : "d"(number), "D"(src)SEL4_EXTRA_OPERANDS
                 : "rbx", "rcx", "r11", "memory");
    received.words = (struct sel4_words){{mr0, mr1, mr2, mr3}};
    return received;
}

/* Send and receive. */
LIBSEL4_INLINE_FUNC struct sel4_received sel4_trap_exchange(seL4_Syscall_ID number, seL4_CPtr cap,
                                                            seL4_Word info, struct sel4_words words,
                                                            struct sel4_extra extra)
{
    struct sel4_received received;
    register seL4_Word mr0 asm("r10") = words.word[0];
    register seL4_Word mr1 asm("r8") = words.word[1];
    register seL4_Word mr2 asm("r9") = words.word[2];
    register seL4_Word mr3 asm("r15") = words.word[3];
    SEL4_EXTRA_REGISTERS
    asm volatile(SEL4_TRAP
                 : "=D"(received.badge), "=S"(received.info), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                 : "d"(number), "D"(cap), "S"(info)SEL4_EXTRA_OPERANDS
                 : "rbx", "rcx", "r11", "memory");
    received.words = (struct sel4_words){{mr0, mr1, mr2, mr3}};
    return received;
}

/* Hand what was received to the caller: the words to the IPC buffer, the badge to `sender` unless it is null. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t sel4_deliver(struct sel4_received received, seL4_Word *sender)
{
    sel4_words_to_buffer(received.words);
    if (sender) {
        *sender = received.badge;
    }
    return (seL4_MessageInfo_t){{received.info}};
}

/* The same, the words to pointers of which any may be null. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t sel4_deliver_to(struct sel4_received received, seL4_Word *sender,
                                                       seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                       seL4_Word *mr3)
{
    sel4_words_to(received.words, mr0, mr1, mr2, mr3);
    if (sender) {
        *sender = received.badge;
    }
    return (seL4_MessageInfo_t){{received.info}};
}
