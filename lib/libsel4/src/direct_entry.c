/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where system calls may jump to instead of executing `syscall`; 0 on every kernel that does not say so. The note
 * tells whoever loads the program where the variable is (README.md). Zero in the file, and not among what start code
 * may clear.
 */
#include <sel4/sel4.h>

extern seL4_Word selkie_entry;
__attribute__((section(".data.selkie_entry"), aligned(8))) seL4_Word selkie_entry = 0;

asm(".pushsection .note.selkie, \"a\", @note\n"
    "    .balign 4\n"
    "    .long 7, 8, 1\n" /* sizes of name and content, type */
    "    .asciz \"Selkie\"\n"
    "    .balign 4\n"
    "    .quad selkie_entry\n"
    ".popsection\n");

/* To the kernel by a jump, or else back to the `syscall`, 5 bytes before r11, with the padding between the two. One
 * place for all system calls, because processors predict few jumps that are close to each other. rcx and r11 are the
 * only free registers; flags and what lies below the stack pointer stay. */
asm(".pushsection .text\n"
    "    .balign 64\n"
    "    .globl selkie_enter\n"
    "    .type selkie_enter, @function\n"
    "selkie_enter:\n"
    "    movq selkie_entry(%rip), %rcx\n"
    "    jrcxz 1f\n"
    "    leaq -3(%r11), %rcx\n"
    "    jmpq *selkie_entry(%rip)\n"
    "1:  leaq -5(%r11), %rcx\n"
    "    jmpq *%rcx\n"
    "    .size selkie_enter, . - selkie_enter\n"
    ".popsection\n");
