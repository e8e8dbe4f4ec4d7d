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
