/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector registers to and from XSAVE images (vector.h).
 *
 * Three ways, by what is in use: SSE and AVX by plain moves; x87 besides these by
 * FXSAVE and FXRSTOR, or by an XRSTOR that makes it initial, which nothing else
 * does; anything more (AVX-512) by one XSAVE or XRSTOR of everything.
 * On Zen, XGETBV takes 15 ns, all the moves of a switch 5, XSAVE 40 and XRSTOR 110.
 */

#define X87 1
#define SSE 2
#define AVX 4
#ifndef BY_MOVES /* a test has it narrower, to see the general way on any host */
#define BY_MOVES (SSE | AVX)
#endif

/* struct vector_layout */
#define LAYOUT_COMPONENTS 0
#define LAYOUT_AVX 12

/* an XSAVE image in the standard format */
#define IMAGE_ST 32
#define IMAGE_MXCSR 24
#define IMAGE_XMM 160
#define IMAGE_SOFTWARE 464 /* struct _fpx_sw_bytes of a signal frame: magic, size, components */
#define IMAGE_COMPONENTS 512
#define FRAME_MAGIC 0x46505853
#define FCW_INITIAL 0x37f /* and status, tags and opcode 0 behind it */

/* The components in use that are kept, into rax. Clobbers rcx and rdx. */
.macro ask_live layout
    movl $1, %ecx
    xgetbv
    andl LAYOUT_COMPONENTS(\layout), %eax
.endm

/* ZF: the x87 bytes of the image at rdi are those of the initial state. Clobbers r8. */
.macro test_x87_initial
    movq (%rdi), %r8
    xorq $FCW_INITIAL, %r8
    orq 8(%rdi), %r8
    orq 16(%rdi), %r8
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7
    orq IMAGE_ST + \i * 16(%rdi), %r8
    orq IMAGE_ST + 8 + \i * 16(%rdi), %r8
    .endr
    testq %r8, %r8
.endm

.macro each_xmm operation:vararg
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    \operation \i
    .endr
.endm

.macro store_xmm i
    movaps %xmm\i, IMAGE_XMM + \i * 16(%rdi)
.endm

.macro load_xmm i
    movaps IMAGE_XMM + \i * 16(%rdi), %xmm\i
.endm

/* out to rdi, in from r10 */
.macro swap_xmm i
    movaps %xmm\i, IMAGE_XMM + \i * 16(%rdi)
    movaps IMAGE_XMM + \i * 16(%r10), %xmm\i
.endm

.macro clear_xmm i
    xorps %xmm\i, %xmm\i
.endm

/* rcx: the AVX component */
.macro store_upper i
    vextractf128 $1, %ymm\i, \i * 16(%rcx)
.endm

.macro load_upper i
    vinsertf128 $1, \i * 16(%rcx), %ymm\i, %ymm\i
.endm

    .text

/* uint64_t pad_vector_save(unsigned char *area, const struct vector_layout *layout)
 * rax: live; rdx: what the image gets */
    .globl pad_vector_save
    .type pad_vector_save, @function
    .balign 64
pad_vector_save:
    ask_live %rsi
.Lsave_live:
    movl %eax, %edx
    testl $~BY_MOVES, %eax
    jnz .Lsave_more
    testb $X87, IMAGE_COMPONENTS(%rdi)
    jnz .Lsave_x87_initial
.Lsave_plain:
    each_xmm store_xmm
    stmxcsr IMAGE_MXCSR(%rdi)
.Lsave_upper:
    testb $AVX, %al
    jz 1f
    movl LAYOUT_AVX(%rsi), %ecx
    addq %rdi, %rcx
    each_xmm store_upper
1:  orl $SSE, %edx
    movq %rdx, IMAGE_COMPONENTS(%rdi)
    ret

.Lsave_x87_initial: /* the thread had used x87 and has not since */
    movq $FCW_INITIAL, (%rdi)
    movq $0, 8(%rdi)
    movq $0, 16(%rdi)
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7
    movq $0, IMAGE_ST + \i * 16(%rdi)
    movq $0, IMAGE_ST + 8 + \i * 16(%rdi)
    .endr
    jmp .Lsave_plain

.Lsave_more:
    testl $~(X87 | BY_MOVES), %eax
    jnz .Lsave_all
    fxsave64 (%rdi)
    test_x87_initial
    jnz .Lsave_upper
    andl $~X87, %edx /* in use is no more than a hint of the processor */
    jmp .Lsave_upper

.Lsave_all:
    movl %eax, %r9d
    movq $0, IMAGE_COMPONENTS(%rdi)
    movl LAYOUT_COMPONENTS(%rsi), %eax
    xorl %edx, %edx
    xsave64 (%rdi)
    movl %r9d, %eax
    ret
    .size pad_vector_save, . - pad_vector_save

/* void pad_vector_load(const unsigned char *area, const struct vector_layout *layout) */
    .globl pad_vector_load
    .type pad_vector_load, @function
    .balign 64
pad_vector_load:
    ask_live %rsi
    movl %eax, %edx
    /* on to pad_vector_load_over */

/* void pad_vector_load_over(const unsigned char *area, const struct vector_layout *layout, uint64_t live)
 * rax: components of the image; rcx: those and what is live */
    .globl pad_vector_load_over
    .type pad_vector_load_over, @function
pad_vector_load_over:
    movl IMAGE_COMPONENTS(%rdi), %eax
    andl LAYOUT_COMPONENTS(%rsi), %eax
    movl %eax, %ecx
    orl %edx, %ecx
    testl $~BY_MOVES, %ecx
    jnz .Lload_more
.Lload_plain:
    ldmxcsr IMAGE_MXCSR(%rdi)
    testb $AVX, %cl
    jz 1f
    vzeroupper
1:  testb $SSE, %al
    jz .Lload_clear
    each_xmm load_xmm
.Lload_upper:
    testb $AVX, %al
    jz 1f
    movl LAYOUT_AVX(%rsi), %ecx
    addq %rdi, %rcx
    each_xmm load_upper
1:  ret

.Lload_clear:
    each_xmm clear_xmm
    jmp .Lload_upper

.Lload_more:
    testl $~(X87 | BY_MOVES), %ecx
    jnz .Lload_all
    testb $X87, %al
    jz 1f
    fxrstor64 (%rdi)
    jmp .Lload_plain
1:  movl %eax, %r8d
    movl $X87, %eax
    xorl %edx, %edx
    xrstor64 (%rdi)
    movl %r8d, %eax
    jmp .Lload_plain

.Lload_all:
    movl LAYOUT_COMPONENTS(%rsi), %eax
    xorl %edx, %edx
    xrstor64 (%rdi)
    ret
    .size pad_vector_load_over, . - pad_vector_load_over
    .size pad_vector_load, . - pad_vector_load

/* void pad_vector_switch(unsigned char *from, const unsigned char *to, const struct vector_layout *layout)
 * Usually neither image nor the registers hold more than SSE. MXCSR is stored first: that takes time, which
 * the question hides, and nothing waits for it. */
    .globl pad_vector_switch
    .type pad_vector_switch, @function
    .balign 64
pad_vector_switch:
    stmxcsr IMAGE_MXCSR(%rdi)
    movq %rsi, %r10
    movq %rdx, %rsi
    ask_live %rsi
    movl IMAGE_COMPONENTS(%r10), %ecx
    andl LAYOUT_COMPONENTS(%rsi), %ecx
    cmpl $SSE, %ecx
    jne .Lswitch_more
    movl %eax, %ecx
    orl IMAGE_COMPONENTS(%rdi), %ecx
    testl $~SSE, %ecx
    jnz .Lswitch_more
    each_xmm swap_xmm
    movq $SSE, IMAGE_COMPONENTS(%rdi)
    movl IMAGE_MXCSR(%r10), %eax
    cmpl IMAGE_MXCSR(%rdi), %eax
    jne 1f
    ret
1:  ldmxcsr IMAGE_MXCSR(%r10)
    ret

.Lswitch_more:
    call .Lsave_live
    movq %r10, %rdi
    movl %eax, %edx
    jmp pad_vector_load_over
    .size pad_vector_switch, . - pad_vector_switch

/* void pad_vector_load_frame(void *fpstate) */
    .globl pad_vector_load_frame
    .type pad_vector_load_frame, @function
    .balign 16
pad_vector_load_frame:
    cmpl $FRAME_MAGIC, IMAGE_SOFTWARE(%rdi)
    jne 2f
    test_x87_initial
    jnz 1f
    andb $~X87, IMAGE_COMPONENTS(%rdi)
1:  movl IMAGE_SOFTWARE + 8(%rdi), %eax
    movl IMAGE_SOFTWARE + 12(%rdi), %edx
    xrstor64 (%rdi)
    ret
2:  fxrstor64 (%rdi) /* a host without XSAVE */
    ret
    .size pad_vector_load_frame, . - pad_vector_load_frame

    .section .note.GNU-stack, "", @progbits
