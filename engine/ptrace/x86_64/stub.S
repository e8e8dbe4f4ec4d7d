/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code of a stub region (stub.h). Position independent; data to the monitor.
 */
    .section .rodata
    .globl stub_code, stub_code_syscall, stub_code_bases, stub_code_handler, stub_code_end
    .globl stub_boot, stub_boot_end

stub_code:
1:  cmp %rbp, %rbx
    jae 2f
    mov (%rbx), %rax
    mov 8(%rbx), %rdi
    mov 16(%rbx), %rsi
    mov 24(%rbx), %rdx
    mov 32(%rbx), %r10
    mov 40(%rbx), %r8
    mov 48(%rbx), %r9
stub_code_syscall:
    syscall
    cmp $-4095, %rax
    jae 2f
    add $56, %rbx
    jmp 1b
2:  int3

stub_code_bases:
    wrfsbase %rax
    wrgsbase %rcx
    int3

stub_code_handler:
    int3
stub_code_end:

stub_boot:
    syscall
    int3
stub_boot_end:

    .section .note.GNU-stack, "", @progbits
