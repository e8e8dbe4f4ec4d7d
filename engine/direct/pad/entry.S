/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into the kernel by a jump, out of it to any thread, and the way of a signal.
 *
 * Neither way touches the guest's stack (leaf functions keep values below it) nor needs fs, gs or a vector
 * register.
 */
#include "engine/direct/layout.h"

#define FLAGS_USUAL      0xad7 /* status flags; interrupts and bit 1, always set */
#define FLAGS_IN_THE_WAY ~FLAGS_USUAL
#define FLAGS_PLAIN    2
#define FLAG_OVERFLOW_BIT 11
#define USER_CS 0x33
#define USER_SS 0x2b

    .text
    .globl pad_entry, pad_exit, pad_exit_step, pad_exit_end, pad_exit_again
    .globl pad_signal_entry, pad_signal_restorer, pad_spawn
    .hidden pad_core, pad_private

/* From a thunk or a relinked stub: as `syscall`, with rcx the address behind it, and r11 where the
 * instruction at rcx stands, or the one behind it if that does nothing. What lies below the stack pointer is
 * not ours. */
    .balign 64
pad_entry:
    mov %rsp, pad_private+PRIVATE_RSP(%rip)
    mov pad_core+CORE_CONTEXT(%rip), %rsp
    mov %rax, CONTEXT_RAX(%rsp)
    mov %rbx, CONTEXT_RBX(%rsp)
    mov %rcx, CONTEXT_RCX(%rsp)
    mov %rdx, CONTEXT_RDX(%rsp)
    mov %rsi, CONTEXT_RSI(%rsp)
    mov %rdi, CONTEXT_RDI(%rsp)
    mov %rbp, CONTEXT_RBP(%rsp)
    mov %r8, CONTEXT_R8(%rsp)
    mov %r9, CONTEXT_R9(%rsp)
    mov %r10, CONTEXT_R10(%rsp)
    mov %r12, CONTEXT_R12(%rsp)
    mov %r13, CONTEXT_R13(%rsp)
    mov %r14, CONTEXT_R14(%rsp)
    mov %r15, CONTEXT_R15(%rsp)
    mov %rcx, CONTEXT_NEXT_IP(%rsp)
    mov %rcx, CONTEXT_HINT_IP(%rsp)
    mov %r11, CONTEXT_HINT_TARGET(%rsp)
    mov pad_private+PRIVATE_GENERATION(%rip), %r11
    mov %r11, CONTEXT_HINT_GENERATION(%rsp)
    lea -2(%rcx), %rcx
    mov %rcx, CONTEXT_FAULT_IP(%rsp)
    movb $1, CONTEXT_IS_SYSCALL(%rsp)
    mov %rsp, %rbx
    lea pad_private+PRIVATE_STACK_TOP(%rip), %rsp
    pushfq
    pop %rax
    mov pad_private+PRIVATE_RSP(%rip), %rcx
    mov %rax, CONTEXT_RFLAGS(%rbx)
    mov %rax, CONTEXT_R11(%rbx)
    mov %rcx, CONTEXT_RSP(%rbx)
    test $FLAGS_IN_THE_WAY, %eax
    jnz 2f
1:  rdfsbase %rcx
    rdgsbase %rdx
    mov %rcx, CONTEXT_FS_BASE(%rbx)
    mov %rdx, CONTEXT_GS_BASE(%rbx)
    mov %rcx, pad_private+PRIVATE_FS(%rip)
    mov %rdx, pad_private+PRIVATE_GS(%rip)
    call pad_syscall
    jmp *%rdx
2:  push $FLAGS_PLAIN
    popfq
    jmp 1b

/* The functions in C return the context in rax and the exit in rdx. Resume the context at pad_private.resume.
 * Everything is in the context until the last instruction, so a signal in here starts over
 * (pad_exit_again). */
    .balign 64
pad_exit:
    cmpl $0, pad_core+CORE_ATTENTION(%rip)
    jne 1f
    cmpl $0, pad_private+PRIVATE_PENDING(%rip)
    jne 1f
    /* Flags without popf, which is slow: of those that differ from thread to thread only the overflow flag
     * needs a detour. The rest is as always, or pad_exit_step's business. */
    mov %rax, %rdx
    mov CONTEXT_RFLAGS(%rdx), %rax
    mov %eax, %ecx
    shr $FLAG_OVERFLOW_BIT, %ecx
    and $1, %cl
    add $0x7f, %cl
    mov %al, %ah
    sahf
    mov CONTEXT_RBX(%rdx), %rbx
    mov CONTEXT_RCX(%rdx), %rcx
    mov CONTEXT_RSI(%rdx), %rsi
    mov CONTEXT_RDI(%rdx), %rdi
    mov CONTEXT_RBP(%rdx), %rbp
    mov CONTEXT_R8(%rdx), %r8
    mov CONTEXT_R9(%rdx), %r9
    mov CONTEXT_R10(%rdx), %r10
    mov CONTEXT_R11(%rdx), %r11
    mov CONTEXT_R12(%rdx), %r12
    mov CONTEXT_R13(%rdx), %r13
    mov CONTEXT_R14(%rdx), %r14
    mov CONTEXT_R15(%rdx), %r15
    mov CONTEXT_RSP(%rdx), %rsp
    mov CONTEXT_RAX(%rdx), %rax
    mov CONTEXT_RDX(%rdx), %rdx
    jmp *pad_private+PRIVATE_RESUME(%rip)

/* The same for a context with unusual flags: the trap flag must not take effect before the guest's own
 * instruction. */
pad_exit_step:
    cmpl $0, pad_core+CORE_ATTENTION(%rip)
    jne 1f
    cmpl $0, pad_private+PRIVATE_PENDING(%rip)
    jne 1f
    mov CONTEXT_RBX(%rax), %rbx
    mov CONTEXT_RCX(%rax), %rcx
    mov CONTEXT_RDX(%rax), %rdx
    mov CONTEXT_RSI(%rax), %rsi
    mov CONTEXT_RDI(%rax), %rdi
    mov CONTEXT_RBP(%rax), %rbp
    mov CONTEXT_R8(%rax), %r8
    mov CONTEXT_R9(%rax), %r9
    mov CONTEXT_R10(%rax), %r10
    mov CONTEXT_R11(%rax), %r11
    mov CONTEXT_R12(%rax), %r12
    mov CONTEXT_R13(%rax), %r13
    mov CONTEXT_R14(%rax), %r14
    mov CONTEXT_R15(%rax), %r15
    push $USER_SS
    push CONTEXT_RSP(%rax)
    push CONTEXT_RFLAGS(%rax)
    push $USER_CS
    push pad_private+PRIVATE_RESUME(%rip)
    mov CONTEXT_RAX(%rax), %rax
    iretq
pad_exit_end:

1:
pad_exit_again:
    lea pad_private+PRIVATE_STACK_TOP(%rip), %rsp
    push $FLAGS_PLAIN
    popfq
    call pad_attend
    jmp *%rdx

/* A signal, on the signal stack. pad_signal says where to go on, on the kernel's stack; 0: where it hit. */
    .balign 64
pad_signal_entry:
    push $FLAGS_PLAIN
    popfq
    call pad_signal
    test %rax, %rax
    jnz 1f
    ret
1:  lea pad_private+PRIVATE_STACK_TOP(%rip), %rsp
    call *%rax
    jmp *%rdx

pad_signal_restorer:
    mov $15, %eax /* rt_sigreturn */
    syscall

/* int64_t pad_spawn(flags, private_offset): clone; the child gets its own private part before it needs a
 * stack. */
pad_spawn:
    push %rbx
    push %rbp
    mov %rsi, %rbx
    mov $56, %eax /* clone */
    xor %esi, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    xor %r8d, %r8d
    syscall
    test %rax, %rax
    jz 1f
    pop %rbp
    pop %rbx
    ret
1:  lea pad_private(%rip), %rdi
    mov $PAD_PRIVATE_SIZE, %esi
    mov $3, %edx      /* PROT_READ | PROT_WRITE */
    mov $0x11, %r10d  /* MAP_SHARED | MAP_FIXED */
    mov $PAD_FD_PAD, %r8d
    mov %rbx, %r9
    mov $9, %eax      /* mmap */
    syscall
    lea pad_private(%rip), %rcx
    cmp %rcx, %rax
    jne 2f
    lea pad_private+PRIVATE_STACK_TOP(%rip), %rsp
    call pad_child
    jmp *%rdx
2:  ud2

    .section .note.GNU-stack, "", @progbits
