/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code of the program that the template starts as (template.c): makes the system calls of the list behind
 * it and jumps to the pad. Position independent; data to the monitor.
 */
    .section .rodata
    .globl boot_code, boot_code_end
boot_code:
    lea boot_code+256(%rip), %rbx /* BOOT_CODE_SIZE */
1:  mov (%rbx), %rax
    cmp $-1, %rax
    je 2f
    mov 8(%rbx), %rdi
    mov 16(%rbx), %rsi
    mov 24(%rbx), %rdx
    mov 32(%rbx), %r10
    mov 40(%rbx), %r8
    mov 48(%rbx), %r9
    syscall
    cmp $-4095, %rax
    jae 3f
    add $56, %rbx
    jmp 1b
2:  mov 8(%rbx), %rax
    mov 16(%rbx), %rsp
    jmp *%rax
3:  mov $126, %edi
    mov $231, %eax /* exit_group */
    syscall
boot_code_end:
    .section .note.GNU-stack, "", @progbits
