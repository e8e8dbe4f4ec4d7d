/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest code of the tests. %rdi is an address that the test chose, unless said.
 */
    .macro piece name
    .globl guest_\name
guest_\name:
    .endm

    .section .rodata
    .globl guest_code, guest_code_end
guest_code:

    piece syscalls              /* system calls for ever */
1:  syscall
    jmp 1b

    piece spin                  /* count in %rbx */
1:  inc %rbx
    jmp 1b

    piece read
    mov (%rdi), %rbx
    syscall

    piece write
    mov %rbx, (%rdi)
    syscall

    piece add                   /* reads and writes */
    addq $1, (%rdi)
    syscall

    piece fetch_add             /* %rdi += 4096 after each, %rcx times; then a system call */
1:  addq $1, (%rdi)
    add $4096, %rdi
    dec %rbx
    jnz 1b
    syscall

    piece push
    mov %rdi, %rsp
    push %rax
    syscall

    piece call
    mov %rdi, %rsp
    call 1f
1:  syscall

    piece jump
    jmp *%rdi

    piece copy                  /* %rcx bytes from %rsi to %rdi; the count comes in %rbx */
    mov %rbx, %rcx
    rep movsb
    syscall

    piece divide
    xor %edx, %edx
    xor %ecx, %ecx
    div %ecx

    piece breakpoint
    int3
    syscall

    piece undefined
    ud2

    piece int_80
    int $0x80

    piece int_21
    int $0x21

    piece int_4
    int $4

    piece port_in
    in $0x60, %al

    piece port_out
    mov $0x3f8, %edx
    out %al, (%dx)

    piece halt
    hlt

    piece disable
    cli

    piece x87                   /* unmask, divide zero by zero, wait */
    fninit
    movw $0x360, -2(%rsp)
    fldcw -2(%rsp)
    fldz
    fldz
    fdivrp
    .globl guest_x87_fault
guest_x87_fault:
    fwait
    syscall

    piece simd
    movl $0, -4(%rsp)
    ldmxcsr -4(%rsp)
    xorps %xmm0, %xmm0
    .globl guest_simd_fault
guest_simd_fault:
    divss %xmm0, %xmm0
    syscall

    piece step
    pushf
    orq $0x100, (%rsp)
    popf
    nop
    .globl guest_step_end
guest_step_end:
    nop
    syscall

    piece selector
    mov $0x1234, %eax
    mov %eax, %ds

    piece unaligned
    pushf
    orq $0x40000, (%rsp)
    popf
    mov 1(%rdi), %rbx

    piece load_vector           /* from %rbx, MXCSR from %rax; then as show_vector */
    movq %rbx, %xmm0
    movq %rbx, %xmm15
    vmovq %rbx, %xmm1
    vinsertf128 $1, %xmm1, %ymm1, %ymm7
    movl %eax, -4(%rsp)
    ldmxcsr -4(%rsp)
    pushq %rbx
    fildq (%rsp)
    popq %rax
    syscall
    jmp 2f

    piece show_vector           /* %r8 xmm0, %r9 xmm15, %r10 upper half of ymm7, %r12 MXCSR, %r13 x87 */
2:  movq %xmm0, %r8
    movq %xmm15, %r9
    vextractf128 $1, %ymm7, %xmm2
    vmovq %xmm2, %r10
    movq $0, -8(%rsp)
    stmxcsr -8(%rsp)
    mov -8(%rsp), %r12
    fld %st(0)
    fistpq -8(%rsp)
    mov -8(%rsp), %r13
    syscall
    jmp 2b

    piece bases                 /* from %rbx and %rdi; then shown in %r8 and %r9 for ever */
    wrfsbase %rbx
    wrgsbase %rdi
1:  syscall
    rdfsbase %r8
    rdgsbase %r9
    jmp 1b

    piece compat                /* a far return to the host's 32-bit code segment */
    pushq $0x23
    lea 1f(%rip), %rax
    push %rax
    lretq
1:  nop
    ud2

guest_code_end:
    .section .note.GNU-stack, "", @progbits
