/* SPDX-License-Identifier: BSD-2-Clause */
/* The pad's ELF, as data of the monitor; the build says where it is. */
    .section .data
    .globl pad_elf_start, pad_elf_end
    .balign 64
pad_elf_start:
    .incbin PAD_ELF
pad_elf_end:
    .section .note.GNU-stack, "", @progbits
