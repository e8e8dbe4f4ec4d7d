/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints, watchpoints and single steps of threads, and the faults that they make, in a kernel that was
 * configured with them (CONFIG_HARDWARE_DEBUG_API).
 *
 * A thread keeps what the processor's debug registers hold while it runs; engines see to the rest. The
 * invocations never look at the length of their message, as on seL4.
 *
 * Manual: sections "Debug Exception: Breakpoints and Watchpoints" and "Debug Exception: Single-stepping".
 */
#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/x86_64/x86.h"

#define VADDR_END 0x7fffffffffffull /* the highest address that is refused begins here */

/* seL4_BreakpointType, which also says why a thread stopped. */
enum reason {
    REASON_DATA,
    REASON_INSTRUCTION,
    REASON_STEP,
    REASON_REQUEST
};

/* seL4_BreakpointAccess */
enum access {
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_READ_WRITE,
    ACCESS_COUNT
};

/* Fields of the control register: two enabling bits for each, from bit 16 on its kind and its length. */
enum {
    CONTROL_KIND = 16,
    CONTROL_STRIDE = 4,
    CONTROL_LENGTH = 2, /* above the kind */
    KIND_INSTRUCTION = 0,
    KIND_WRITE = 1,
    KIND_READ_WRITE = 3,
    VECTOR_DEBUG = 1,
    VECTOR_BREAKPOINT = 3,
    FLAG_TRAP = 0x100
};

struct breakpoint {
    uint64_t vaddr, type, size, access;
};

static uint64_t *control_of(struct tcb *tcb)
{
    return &tcb->debug.breakpoints.control;
}

static bool is_enabled(const struct tcb *tcb, unsigned number)
{
    return tcb->debug.breakpoints.control >> 2 * number & 1;
}

static unsigned kind_of(const struct tcb *tcb, unsigned number)
{
    return tcb->debug.breakpoints.control >> (CONTROL_KIND + CONTROL_STRIDE * number) & 3;
}

static void note_use(struct tcb *tcb)
{
    tcb->debug.is_used = tcb->debug.is_stepping || tcb->debug.breakpoints.control != 0;
    tcb_refresh(tcb);
}

static void breakpoint_clear(struct tcb *tcb, unsigned number)
{
    *control_of(tcb) &= ~(3ull << 2 * number | 15ull << (CONTROL_KIND + CONTROL_STRIDE * number));
    tcb->debug.breakpoints.address[number] = 0;
    note_use(tcb);
}

static void breakpoint_set(struct tcb *tcb, unsigned number, const struct breakpoint *b)
{
    uint64_t kind = b->type == REASON_INSTRUCTION ? KIND_INSTRUCTION
                    : b->access == ACCESS_WRITE   ? KIND_WRITE
                                                  : KIND_READ_WRITE; /* there is none for reads alone */
    uint64_t length = b->size > 1 ? b->size - 1 : 0;
    breakpoint_clear(tcb, number);
    *control_of(tcb) |= 1ull << 2 * number | (kind | length << CONTROL_LENGTH)
                                                 << (CONTROL_KIND + CONTROL_STRIDE * number);
    tcb->debug.breakpoints.address[number] = b->vaddr;
    note_use(tcb);
}

/* A word of the message, whatever its length. */
static uint64_t word(struct kernel *k, const struct invocation *in, unsigned i)
{
    const uint64_t *buffer = i < ABI_MESSAGE_REGISTERS ? NULL : thread_ipc_buffer(k, in->caller, false);
    return i < ABI_MESSAGE_REGISTERS || buffer ? message_get(in->caller, buffer, i) : 0;
}

static struct result check_instruction(struct kernel *k, const struct breakpoint *b)
{
    if (b->size != 0) {
        remark(k, "Debug: Instruction bps must have size of 0.");
        return fail_invalid_argument(3);
    }
    if (b->access != ACCESS_READ) {
        remark(k, "Debug: Instruction bps must be break-on-read.");
        return fail_invalid_argument(4);
    }
    return result_ok();
}

static struct result check_data(struct kernel *k, const struct breakpoint *b)
{
    if (b->size == 0) {
        remark(k, "Debug: Data bps cannot have size of 0.");
        return fail_invalid_argument(3);
    }
    if (b->access >= ACCESS_COUNT) {
        remark(k, "Debug: Unknown access-type %lu.", b->access);
        return fail_invalid_argument(3);
    }
    if (b->size != 1 && b->size != 2 && b->size != 4 && b->size != 8) {
        remark(k, "Debug: Invalid size %lu.", b->size);
        return fail_invalid_argument(3);
    }
    if (b->vaddr % b->size) {
        remark(k, "Debug: Unaligned data watchpoint address %lx (size %lx) rejected.", b->vaddr, b->size);
        return fail_alignment();
    }
    return result_ok();
}

static struct result check_number(struct kernel *k, unsigned number)
{
    if (number < KERNEL_BREAKPOINTS)
        return result_ok();
    remark(k, "Debug: invalid bp_num %u.", number);
    return fail_range(0, KERNEL_BREAKPOINTS - 1);
}

static struct result breakpoint_check(struct kernel *k, unsigned number, const struct breakpoint *b)
{
    if (b->vaddr >= VADDR_END) {
        remark(k, "Debug: Invalid address %lx: bp addresses must be userspace addresses.", b->vaddr);
        return fail_invalid_argument(1);
    }
    if (b->type != REASON_INSTRUCTION && b->type != REASON_DATA) {
        remark(k, "Debug: Unknown breakpoint type %lx.", b->type);
        return fail_invalid_argument(2);
    }
    struct result checked = b->type == REASON_INSTRUCTION ? check_instruction(k, b) : check_data(k, b);
    if (result_is_ok(checked))
        checked = check_number(k, number);
    if (result_is_ok(checked) && b->size == 8) { /* DIFFERS: seL4 offers them on a few processors */
        remark(k, "Debug: 8-byte breakpoints/watchpoints unsupported on this CPU.");
        return fail_invalid_argument(3);
    }
    return checked;
}

static struct result decode_set(struct kernel *k, struct invocation *in)
{
    uint16_t number = (uint16_t)word(k, in, 0);
    const struct breakpoint b = {word(k, in, 1), word(k, in, 2), word(k, in, 3), word(k, in, 4)};
    struct result checked = breakpoint_check(k, number, &b);
    if (result_is_ok(checked))
        breakpoint_set(tcb_at(k, in->cap.paddr), number, &b);
    return checked;
}

static struct result decode_get(struct kernel *k, struct invocation *in)
{
    const struct tcb *tcb = tcb_at(k, in->cap.paddr);
    uint16_t number = (uint16_t)word(k, in, 0);
    struct result checked = check_number(k, number);
    if (!result_is_ok(checked))
        return checked;
    unsigned kind = kind_of(tcb, number);
    bool is_data = kind != KIND_INSTRUCTION;
    uint64_t length =
        tcb->debug.breakpoints.control >> (CONTROL_KIND + CONTROL_STRIDE * number + CONTROL_LENGTH) & 3;
    uint64_t words[] = {tcb->debug.breakpoints.address[number], is_data ? REASON_DATA : REASON_INSTRUCTION,
                        is_data ? length + 1 : 0,
                        kind == KIND_WRITE ? ACCESS_WRITE
                        : is_data          ? ACCESS_READ_WRITE
                                           : ACCESS_READ,
                        is_enabled(tcb, number)};
    invocation_reply(k, in, words, sizeof(words) / sizeof(words[0]));
    return result_ok();
}

static struct result decode_unset(struct kernel *k, struct invocation *in)
{
    uint16_t number = (uint16_t)word(k, in, 0);
    struct result checked = check_number(k, number);
    if (result_is_ok(checked))
        breakpoint_clear(tcb_at(k, in->cap.paddr), number);
    return checked;
}

static void steps_set(struct tcb *tcb, uint64_t steps)
{
    tcb->debug.steps = steps;
    tcb->debug.is_stepping = steps != 0;
    if (steps == 0)
        tcb->context.reg[REG_RFLAGS] &= ~(uint64_t)FLAG_TRAP;
    note_use(tcb);
}

static struct result decode_step(struct kernel *k, struct invocation *in)
{
    const uint64_t was_consumed = 0; /* a processor's own flag does it, no breakpoint */
    steps_set(tcb_at(k, in->cap.paddr), word(k, in, 1));
    invocation_reply(k, in, &was_consumed, 1);
    return result_ok();
}

struct result breakpoint_decode(struct kernel *k, struct invocation *in)
{
    switch (in->operation) {
    case OPERATION_TCB_SET_BREAKPOINT:
        return decode_set(k, in);
    case OPERATION_TCB_GET_BREAKPOINT:
        return decode_get(k, in);
    case OPERATION_TCB_UNSET_BREAKPOINT:
        return decode_unset(k, in);
    case OPERATION_TCB_CONFIGURE_SINGLE_STEPPING:
        return decode_step(k, in);
    default:
        return fail_illegal_operation();
    }
}

/* The lowest breakpoint that was hit; -1: none. DIFFERS: the end of a step in front of an instruction with a
 * breakpoint is that breakpoint's, too, whatever the processor says. */
static int breakpoint_hit(const struct tcb *tcb, uint32_t status)
{
    bool is_step = !(status & TRAP_DEBUG_BREAKPOINTS) || (status & TRAP_DEBUG_STEP);
    for (unsigned i = 0; i < KERNEL_BREAKPOINTS; i++) {
        bool is_here = is_step && kind_of(tcb, i) == KIND_INSTRUCTION &&
                       tcb->debug.breakpoints.address[i] == tcb->context.next_ip;
        if (is_enabled(tcb, i) && (is_here || (status >> i & 1)))
            return (int)i;
    }
    return -1;
}

static void trap_debug(struct kernel *k, struct tcb *tcb, uint32_t status)
{
    int number = breakpoint_hit(tcb, status);
    if (number >= 0) {
        bool is_data = kind_of(tcb, (unsigned)number) != KIND_INSTRUCTION;
        fault_raise(k, tcb,
                    (struct fault){.type = FAULT_DEBUG,
                                   .status = is_data ? REASON_DATA : REASON_INSTRUCTION,
                                   .address = tcb->debug.breakpoints.address[number],
                                   .breakpoint = (uint8_t)number});
    } else if (tcb->debug.steps > 1) {
        tcb->debug.steps--;
    } else {
        tcb->debug.steps = 0;
        fault_raise(k, tcb, (struct fault){.type = FAULT_DEBUG, .status = REASON_STEP});
    }
}

bool breakpoint_is_trap(const struct trap *trap)
{
    return trap->kind == TRAP_EXCEPTION &&
           (trap->vector == VECTOR_BREAKPOINT || trap->vector == VECTOR_DEBUG);
}

void breakpoint_trap(struct kernel *k, struct tcb *tcb, const struct trap *trap)
{
    if (trap->vector == VECTOR_BREAKPOINT)
        fault_raise(k, tcb, (struct fault){.type = FAULT_DEBUG, .status = REASON_REQUEST});
    else
        trap_debug(k, tcb, trap->debug_status);
}

const struct breakpoints *breakpoint_enter(struct tcb *tcb)
{
    if (tcb->debug.is_stepping)
        tcb->context.reg[REG_RFLAGS] |= FLAG_TRAP;
    return *control_of(tcb) ? &tcb->debug.breakpoints : NULL;
}

unsigned breakpoint_message(const struct tcb *sender, uint64_t words[4])
{
    const struct fault *fault = &sender->fault;
    words[0] = sender->context.reg[REG_FAULT_IP];
    words[1] = fault->status;
    words[2] = fault->address;
    words[3] = fault->breakpoint;
    return fault->status == REASON_STEP || fault->status == REASON_REQUEST ? 2 : 4;
}

void breakpoint_answer(struct tcb *receiver, uint64_t length, uint64_t steps)
{
    if (receiver->fault.status == REASON_STEP)
        steps_set(receiver, length > 0 ? steps : 1);
}
