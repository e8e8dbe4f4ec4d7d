/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The actors' programs. They use no stack and keep nothing in a register, since
 * other threads may change all of them: each has a copy of the code that knows its
 * mailbox by address.
 */
#include "differential.h"

struct mailbox mailboxes[ACTORS];

#ifdef CONFIG_KERNEL_MCS
enum {
    WAIT = seL4_SysWait
};
#else
enum {
    WAIT = seL4_SysRecv
};
#endif

/* What the assembler has to know. */
__attribute__((used)) static void actor_numbers(void)
{
    asm volatile(".set actor_wait, %c0\n.set actor_command, %c1\n" ::"i"(WAIT), "i"(SLOT_COMMAND));
}

extern const char actor_entry_0[], actor_entry_1[], actor_entry_2[];
const seL4_Word actor_entry[ACTORS] = {(seL4_Word)actor_entry_0, (seL4_Word)actor_entry_1,
                                       (seL4_Word)actor_entry_2};

/* Offsets in struct mailbox: action 0; number, destination, info 8, 16, 24; mr 32; reply 64; send_to 72; done
 * 80. */
_Static_assert(__builtin_offsetof(struct mailbox, trap.mr) == 32, "the code below knows it");
_Static_assert(__builtin_offsetof(struct mailbox, done) == 80 && sizeof(struct mailbox) == 88, "and this");

asm(".section .text.actors, \"ax\"\n"
    ".globl actors_start, actors_end, actor_entry_0, actor_entry_1, actor_entry_2\n"
    ".macro actor index\n"
    ".balign 64\n"
    "actor_entry_\\index:\n"
    "mov $actor_command + \\index, %rdi\n"
    "xor %esi, %esi\n"
    "mov $actor_wait, %rdx\n"
    "syscall\n"
    "mov mailboxes + 88 * \\index + 8, %rdx\n"
    "mov mailboxes + 88 * \\index + 16, %rdi\n"
    "mov mailboxes + 88 * \\index + 24, %rsi\n"
    "mov mailboxes + 88 * \\index + 32, %r10\n"
    "mov mailboxes + 88 * \\index + 40, %r8\n"
    "mov mailboxes + 88 * \\index + 48, %r9\n"
    "mov mailboxes + 88 * \\index + 56, %r15\n"
    "mov mailboxes + 88 * \\index + 64, %r12\n"
    "mov mailboxes + 88 * \\index + 72, %r13\n"
    "mov mailboxes + 88 * \\index, %rax\n"
    "movq $4, mailboxes + 88 * \\index\n"
    "cmp $1, %rax\n"
    "je 1f\n"
    "cmp $2, %rax\n"
    "je 2f\n"
    "cmp $3, %rax\n"
    "je 3f\n"
    "cmp $4, %rax\n" /* somebody else's signal */
    "je actor_entry_\\index\n"
    "syscall\n"
    "jmp 4f\n"
    "1: mov (%r10), %rax\n"
    "jmp 4f\n"
    "2: mov %rax, (%r10)\n"
    "jmp 4f\n"
    "3: ud2\n"
    "4: mov %rdi, mailboxes + 88 * \\index + 16\n"
    "mov %rsi, mailboxes + 88 * \\index + 24\n"
    "mov %r10, mailboxes + 88 * \\index + 32\n"
    "mov %r8, mailboxes + 88 * \\index + 40\n"
    "mov %r9, mailboxes + 88 * \\index + 48\n"
    "mov %r15, mailboxes + 88 * \\index + 56\n"
    "incq mailboxes + 88 * \\index + 80\n"
    "xor %r8d, %r8d\n" /* of a fault message these may be a stack pointer and rcx */
    "xor %r9d, %r9d\n"
    "jmp actor_entry_\\index\n"
    ".endm\n"
    "actors_start:\n"
    "actor 0\n"
    "actor 1\n"
    "actor 2\n"
    "actors_end:\n"
    ".text\n");
