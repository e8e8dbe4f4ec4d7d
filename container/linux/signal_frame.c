/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signal frames as Linux lays them out on x86-64: the address of the restorer, a ucontext, a siginfo, above them the
 * vector state. Nobody but the thread itself can get at its vector registers, so it saves and restores them: a
 * handler is entered through signal_enter, which stores them into the frame, and rt_sigreturn(2) goes through
 * signal_leave, which loads them and then makes the call a second time. Both run with the thread's stack pointer at
 * or below the frame, so a signal may find a thread in them as anywhere else.
 */
#include <cpuid.h>

#include "container/linux/calls.h"
#include "container/linux/signal_parts.h"
#include "container/linux/space.h"
#include "container/linux/vector.h"

enum {
    RED_ZONE = 128,
    LEGACY_SIZE = 512,
    HEADER_SIZE = 64,
    XSAVE_LEAF = 13,
    CODE_SEGMENT = 0x33,
    STACK_SEGMENT = 0x2b,
    UC_FP_XSTATE = 1,
    UC_SS = 6, /* the stack segment is there, and is restored */
    MXCSR_STICKY = 0x3f,
    FPE_INTDIV = 1,
    FPE_FLTDIV = 3,
    FPE_FLTOVF,
    FPE_FLTUND,
    FPE_FLTRES,
    FPE_FLTINV
};

#define XSTATE_MAGIC1 0x46505853u
#define XSTATE_MAGIC2 0x46505845u
#define XSTATE_TILES  (3ul << 17) /* programs must ask for these, and cannot here */
#define FLAGS_SETTABLE                                                                                       \
    0x50dd5ul /* what a frame may change: carry to overflow, trap, direction, resume, alignment */

struct context { /* struct sigcontext */
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, trap, old_mask, address, vector_state, reserved[8];
};

struct frame {
    uint64_t restorer;
    uint64_t flags, link, stack[3];
    struct context context;
    uint64_t mask;
    struct siginfo info;
};

struct software_bytes { /* in the bytes of the legacy area that the processor leaves alone */
    uint32_t magic, extended_size;
    uint64_t components;
    uint32_t size, padding[7];
};

enum {
    SOFTWARE_BYTES = LEGACY_SIZE - sizeof(struct software_bytes)
};

/* The trampolines; never called. */
extern const char signal_enter[], signal_enter_legacy[], signal_enter_tell[], signal_enter_told[],
    signal_enter_go[];
extern const char signal_leave[], signal_leave_mixed[], signal_leave_legacy[], signal_leave_done[];
extern const char signal_state_fresh[];

static struct {
    bool is_known;
    uint64_t components; /* 0: the processor has FXSAVE only */
    uint32_t size;
} vector;

static uint64_t components_enabled(void)
{
    uint32_t low, high;
    asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32 | low) & ~XSTATE_TILES;
}

static void vector_learn(void)
{
    unsigned a, b, c, d, base, offset;
    vector.is_known = true;
    vector.size = LEGACY_SIZE;
    __cpuid(1, a, b, c, d);
    if (!(c & bit_OSXSAVE)) {
        return;
    }
    vector.components = components_enabled();
    vector.size = LEGACY_SIZE + HEADER_SIZE;
    for (unsigned i = 2; i < 63; i++) {
        if (vector.components >> i & 1) {
            __cpuid_count(XSAVE_LEAF, i, base, offset, c, d);
            vector.size = offset + base > vector.size ? offset + base : vector.size;
        }
    }
}

uint64_t signal_stack_minimum(void)
{
    if (!vector.is_known) {
        vector_learn();
    }
    return sizeof(struct frame) + vector.size + sizeof(uint32_t) + RED_ZONE + 64 + 16;
}

uint64_t signal_vector_components(uint32_t *size)
{
    (void)signal_stack_minimum();
    *size = vector.size;
    return vector.components;
}

/* The bytes of the vector state that the processor does not write. */
static void vector_prepare(uint64_t at)
{
    memset((void *)at, 0, vector.components ? LEGACY_SIZE + HEADER_SIZE : LEGACY_SIZE);
    if (vector.components) {
        struct software_bytes *bytes = (struct software_bytes *)(at + SOFTWARE_BYTES);
        bytes->magic = XSTATE_MAGIC1;
        bytes->extended_size = vector.size + (uint32_t)sizeof(uint32_t);
        bytes->components = vector.components;
        bytes->size = vector.size;
        *(uint32_t *)(at + vector.size) = XSTATE_MAGIC2;
    }
}

static bool stack_holds(const struct thread *thread, uint64_t sp)
{
    const uint64_t *stack = thread->alternate_stack;
    return sp > stack[0] && sp - stack[0] <= stack[2];
}

bool signal_stack_is_used(const struct thread *thread, uint64_t sp)
{
    return !(thread->alternate_stack[1] & SS_AUTODISARM) && stack_holds(thread, sp);
}

/* Where the frame goes, and the vector state above it; 0: there is no room. */
static uint64_t frame_place(const struct thread *thread, const struct signal_action *action, uint64_t sp,
                            uint64_t *state)
{
    const uint64_t *stack = thread->alternate_stack;
    bool is_on_alternate = stack_holds(thread, sp);
    uint64_t top = sp - RED_ZONE;
    if (action->flags & SA_ONSTACK && stack[2] && !signal_stack_is_used(thread, sp)) {
        top = stack[0] + stack[2];
        is_on_alternate = true;
    }
    *state = (top - vector.size - sizeof(uint32_t)) & ~63ul;
    uint64_t frame = ((*state - sizeof(struct frame)) & ~15ul) - 8;
    if ((is_on_alternate && !stack_holds(thread, frame)) || frame > top ||
        space_fill(frame, top - frame, true)) {
        return 0;
    }
    return frame;
}

static struct context context_of(const struct thread *thread, const struct user_registers *r)
{
    return (struct context){
        .r8 = r->r8,
        .r9 = r->r9,
        .r10 = r->r10,
        .r11 = r->r11,
        .r12 = r->r12,
        .r13 = r->r13,
        .r14 = r->r14,
        .r15 = r->r15,
        .rdi = r->rdi,
        .rsi = r->rsi,
        .rbp = r->rbp,
        .rbx = r->rbx,
        .rdx = r->rdx,
        .rax = r->rax,
        .rcx = r->rcx,
        .rsp = r->rsp,
        .rip = r->rip,
        .rflags = r->rflags,
        .cs = CODE_SEGMENT,
        .ss = STACK_SEGMENT,
        .error = thread->fault[0],
        .trap = thread->fault[1],
        .address = thread->fault[2],
        .old_mask = thread->has_saved_mask ? thread->saved_mask : thread->signal_mask,
    };
}

static struct user_registers registers_of(const struct context *c, uint64_t flags)
{
    return (struct user_registers){.rax = c->rax,
                                   .rbx = c->rbx,
                                   .rcx = c->rcx,
                                   .rdx = c->rdx,
                                   .rsi = c->rsi,
                                   .rdi = c->rdi,
                                   .rbp = c->rbp,
                                   .r8 = c->r8,
                                   .r9 = c->r9,
                                   .r10 = c->r10,
                                   .r11 = c->r11,
                                   .r12 = c->r12,
                                   .r13 = c->r13,
                                   .r14 = c->r14,
                                   .r15 = c->r15,
                                   .rip = c->rip,
                                   .rsp = c->rsp,
                                   .rflags = (flags & ~FLAGS_SETTABLE) | (c->rflags & FLAGS_SETTABLE)};
}

bool signal_frame_push(struct thread *thread, const struct signal_action *action, const struct siginfo *info,
                       struct user_registers *registers)
{
    uint64_t state;
    (void)signal_stack_minimum();
    uint64_t at = action->flags & SA_RESTORER ? frame_place(thread, action, registers->rsp, &state) : 0;
    if (!at) {
        return false;
    }
    struct frame *frame = (struct frame *)at;
    *frame = (struct frame){.restorer = action->restorer,
                            .flags = UC_SS | (vector.components ? UC_FP_XSTATE : 0),
                            .context = context_of(thread, registers),
                            .info = *info};
    frame->mask = frame->context.old_mask;
    frame->context.vector_state = state;
    memcpy(frame->stack, thread->alternate_stack, sizeof frame->stack);
    if (!(frame->stack[1] & SS_AUTODISARM)) {
        frame->stack[1] = !frame->stack[2]                               ? SS_DISABLE
                          : signal_stack_is_used(thread, registers->rsp) ? SS_ONSTACK
                                                                         : 0;
    } else {
        memset(thread->alternate_stack, 0, sizeof thread->alternate_stack);
    }
    vector_prepare(state);
    bool must_tell = info->signal == SIGFPE && info->code == SI_KERNEL; /* the state says what it was */
    const char *enter = !vector.components ? signal_enter_legacy
                        : must_tell        ? signal_enter_tell
                                           : signal_enter;
    *registers = (struct user_registers){.rip = (uint64_t)enter,
                                         .rsp = at,
                                         .rflags = registers->rflags,
                                         .rdi = (uint64_t)info->signal,
                                         .rsi = (uint64_t)&frame->info,
                                         .r8 = state,
                                         .r9 = (uint64_t)&frame->flags,
                                         .rax = (uint32_t)vector.components,
                                         .rdx = vector.components >> 32,
                                         .r10 = action->handler,
                                         .rbx = registers->rbx,
                                         .rbp = registers->rbp,
                                         .r12 = registers->r12,
                                         .r13 = registers->r13,
                                         .r14 = registers->r14,
                                         .r15 = registers->r15};
    return true;
}

/* Why a floating-point instruction failed, from the flags it left that are not masked. */
static int float_code(uint32_t flags)
{
    return flags & 1    ? FPE_FLTINV
           : flags & 4  ? FPE_FLTDIV
           : flags & 8  ? FPE_FLTOVF
           : flags & 18 ? FPE_FLTUND
           : flags & 32 ? FPE_FLTRES
                        : 0;
}

/* The vector state of a SIGFPE has been stored: say what happened, and enter the handler. */
static long frame_tell(struct thread *thread)
{
    struct user_registers registers = thread->registers;
    uint16_t x87[2]; /* control, status */
    uint32_t mxcsr;
    struct frame *frame = (struct frame *)registers.rsp;
    if (!user_read(x87, registers.r8, sizeof x87) && !user_read(&mxcsr, registers.r8 + 24, sizeof mxcsr) &&
        !space_fill(registers.rsp, sizeof *frame, true)) {
        bool is_x87 = thread->fault[1] == 16;
        frame->info.code =
            float_code(is_x87 ? x87[1] & ~x87[0] & MXCSR_STICKY : mxcsr & ~(mxcsr >> 7) & MXCSR_STICKY);
    }
    registers.rip = (uint64_t)signal_enter_go;
    registers.rax = (uint32_t)vector.components;
    registers.rdx = vector.components >> 32;
    kernel_thread_resume(&thread->kernel, &registers);
    return CALL_WAITS;
}

static long frame_is_bad(struct thread *thread)
{
    thread_call_over(thread);
    signal_fault(thread, &(struct siginfo){.signal = SIGSEGV, .code = SI_KERNEL}, &thread->registers);
    return CALL_WAITS;
}

/* The first half of rt_sigreturn: the thread loads its vector state. */
static long frame_leave(struct thread *thread)
{
    static struct frame frame;
    uint64_t at = thread->registers.rsp - sizeof frame.restorer, components = 0;
    struct software_bytes bytes = {0};
    if (user_read(&frame, at, sizeof frame)) {
        return frame_is_bad(thread);
    }
    uint64_t state = frame.context.vector_state;
    if (state && (state & 63 || user_read(&bytes, state + SOFTWARE_BYTES, sizeof bytes))) {
        return frame_is_bad(thread);
    }
    if (vector.components && bytes.magic == XSTATE_MAGIC1 && frame.flags & UC_FP_XSTATE) {
        components = bytes.components & vector.components;
    }
    bool is_extended = components || (!state && vector.components);
    components = components ? components : vector.components;
    struct user_registers registers = {
        .rip = (uint64_t)(is_extended  ? signal_leave
                          : components ? signal_leave_mixed
                                       : signal_leave_legacy),
        .rsp = at,
        .rflags = thread->registers.rflags,
        .r8 = state ? state : (uint64_t)signal_state_fresh,
        .rax = (uint32_t)components,
        .rdx = components >> 32,
    };
    kernel_thread_resume(&thread->kernel, &registers);
    return CALL_WAITS;
}

/* The second half: everything else. */
static long frame_done(struct thread *thread)
{
    static struct frame frame;
    if (user_read(&frame, thread->registers.rsp, sizeof frame)) {
        return frame_is_bad(thread);
    }
    struct user_registers registers = registers_of(&frame.context, thread->registers.rflags);
    timers_delivered();
    signal_mask_set(thread, frame.mask);
    (void)signal_stack_set(thread, registers.rsp, frame.stack);
    signal_return(thread, &registers);
    return CALL_WAITS;
}

HANDLER(call_rt_sigreturn)
{
    uint64_t ip = thread->registers.rip;
    long result;
    (void)call;
    return vector_call(thread, &result)        ? result
           : ip == (uint64_t)signal_leave_done ? frame_done(thread)
           : ip == (uint64_t)signal_enter_told ? frame_tell(thread)
                                               : frame_leave(thread);
}

/* r10 is the handler, rdi and rsi its first arguments, r9 its third; r8 is where the vector state is, edx:eax its
 * components. Handlers start with fresh state. 15 is rt_sigreturn; with rdx 0 it is no call of seL4's. */
asm(".pushsection .text\n"
    "signal_enter:\n"
    "    xsave64 (%r8)\n"
    "signal_enter_go:\n"
    "    xrstor64 signal_state_fresh(%rip)\n"
    "    jmp 1f\n"
    "signal_enter_legacy:\n"
    "    fxsave64 (%r8)\n"
    "    fxrstor64 signal_state_fresh(%rip)\n"
    "1:  movq %r9, %rdx\n"
    "    xorl %eax, %eax\n"
    "    jmp *%r10\n"
    "signal_enter_tell:\n"
    "    xsave64 (%r8)\n"
    "    movl $15, %eax\n"
    "    xorl %edx, %edx\n"
    "signal_enter_told:\n"
    "    syscall\n"
    "    ud2\n"
    "signal_leave:\n"
    "    xrstor64 (%r8)\n"
    "    jmp 2f\n"
    "signal_leave_mixed:\n"
    "    xrstor64 signal_state_fresh(%rip)\n"
    "signal_leave_legacy:\n"
    "    fxrstor64 (%r8)\n"
    "2:  movl $15, %eax\n"
    "    xorl %edx, %edx\n"
    "signal_leave_done:\n"
    "    syscall\n"
    "    ud2\n"
    ".popsection\n"
    ".pushsection .rodata\n"
    ".balign 64\n"
    "signal_state_fresh:\n"
    "    .short 0x37f\n"
    "    .zero 22\n"
    "    .long 0x1f80\n"
    "    .zero 548\n"
    ".popsection\n");
