/* SPDX-License-Identifier: BSD-2-Clause */
/* See subject.h. */
#include "subject.h"

#ifdef CONFIG_KERNEL_MCS
#include "classic_calls.h"
#endif

#include "internal.h"

enum {
    TURN_LONG_US = 100000000,
    TURN_US = 5000
};

static void nothing(void *unused)
{
    (void)unused;
}

void subject_make(struct subject *subject, const char *name)
{
    subject->faults = make(seL4_EndpointObject);
    struct sel4_util_thread *thread = spawn_faulting(name, nothing, NULL, PRIORITY_LOW,
                                                     mint(subject->faults, seL4_AllRights, SUBJECT_BADGE));
    subject->tcb = thread->tcb;
    subject->stack = (unsigned char *)thread->stack_top - 2 * SUBJECT_STACK;
    subject->ipc_buffer = thread->ipc_buffer;
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(subject->tcb));
#ifdef CONFIG_KERNEL_MCS
    /* A trap in the instant in which a turn ends would be lost. The last slot is that of the scheduling context. */
    subject->sched_context = pool.slot_next - 1;
    SEL4_UTIL_CHECK(seL4_SchedControl_Configure(boot->schedcontrol.start, subject->sched_context, TURN_LONG_US,
                                                TURN_LONG_US, 0, 0));
#endif
}

void subject_take_turns(const struct subject *subject)
{
#ifdef CONFIG_KERNEL_MCS
    SEL4_UTIL_CHECK(seL4_SchedControl_Configure(boot->schedcontrol.start, subject->sched_context, TURN_US,
                                                TURN_US, 0, 0));
#else
    (void)subject;
#endif
}

void subject_make_in(struct subject *subject, const char *name, seL4_CPtr vspace)
{
    subject->faults = make(seL4_EndpointObject);
    subject->tcb = make(seL4_TCBObject);
    subject->stack = NULL;
    subject->ipc_buffer = NULL;
    const struct sel4_util_tcb_spaces spaces = {
        .cnode = CNODE,
        .vspace = vspace,
        .priority = PRIORITY_LOW,
        .fault_endpoint = mint(subject->faults, seL4_AllRights, SUBJECT_BADGE),
    };
    SEL4_UTIL_CHECK(sel4_util_tcb_configure(&pool, subject->tcb, &spaces));
    sel4_util_tcb_name(subject->tcb, name);
}

seL4_CPtr vspace_make(void)
{
    seL4_CPtr vspace = make(seL4_X64_PML4Object);
    SEL4_UTIL_CHECK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
    return vspace;
}

/* The image lies in its frames in ascending order. */
enum {
    PAGE = 4096
};
extern const char __ehdr_start[] __attribute__((weak)), _end[];

static seL4_Word image_start(void)
{
    return (seL4_Word)__ehdr_start & ~(seL4_Word)(PAGE - 1);
}

seL4_CPtr image_frame(seL4_Word vaddr)
{
    return boot->userImageFrames.start + (vaddr - image_start()) / PAGE;
}

seL4_CPtr vspace_make_with_image(void)
{
    seL4_CPtr vspace = vspace_make();
    for (seL4_Word vaddr = image_start(); vaddr < (seL4_Word)_end; vaddr += PAGE) {
        SEL4_UTIL_CHECK(sel4_util_map(&pool, vspace, copy(image_frame(vaddr)), vaddr, seL4_AllRights));
    }
    return vspace;
}

struct cpuid {
    seL4_Uint32 a, b, c, d;
};

static struct cpuid cpuid(seL4_Uint32 leaf)
{
    struct cpuid words;
    asm volatile("cpuid" : "=a"(words.a), "=b"(words.b), "=c"(words.c), "=d"(words.d) : "a"(leaf), "c"(0));
    return words;
}

enum vector_level processor_vectors(void)
{
    enum {
        OSXSAVE = 1 << 27,
        AVX = 1 << 28,
        AVX512F = 1 << 16,
        AVX512BW = 1 << 30,
        STATE_AVX = 0x6,
        STATE_AVX512 = 0xe6
    };
    if ((cpuid(1).c & (OSXSAVE | AVX)) != (OSXSAVE | AVX)) {
        return VECTOR_SSE;
    }
    seL4_Uint32 enabled, high;
    asm volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    if ((enabled & STATE_AVX) != STATE_AVX) {
        return VECTOR_SSE;
    }
    bool has_512 = cpuid(0).a >= 7 && (cpuid(7).b & (AVX512F | AVX512BW)) == (AVX512F | AVX512BW);
    return has_512 && (enabled & STATE_AVX512) == STATE_AVX512 ? VECTOR_AVX512 : VECTOR_AVX;
}

bool processor_is_interpreted(void)
{
    enum {
        HYPERVISOR = 1u << 31
    };
    if (!(cpuid(1).c & (seL4_Uint32)HYPERVISOR)) {
        return false;
    }
    struct cpuid name = cpuid(0x40000000);
    return memcmp(&name.b, "TCGTCGTCGTCG", 12) == 0;
}

seL4_UserContext subject_registers(const struct subject *subject, seL4_Word rip)
{
    seL4_UserContext registers;
    for (seL4_Word i = 0; i < SUBJECT_REGISTERS; i++) {
        ((seL4_Word *)&registers)[i] = 0xa00 + i;
    }
    registers.rip = rip;
    registers.rsp = (seL4_Word)subject->stack + SUBJECT_STACK / 2;
    registers.rflags = 0x202;
    registers.fs_base = registers.gs_base = 0;
    return registers;
}

void subject_start(const struct subject *subject, const seL4_UserContext *registers)
{
    seL4_UserContext copied = *registers;
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(subject->tcb, 1, 0, SUBJECT_REGISTERS, &copied));
}

static seL4_MessageInfo_t receive(seL4_CPtr endpoint)
{
#ifdef CONFIG_KERNEL_MCS
    return seL4_Wait(endpoint, NULL);
#else
    return seL4_Recv(endpoint, NULL);
#endif
}

struct subject_fault subject_wait(const struct subject *subject, seL4_UserContext *registers)
{
    seL4_MessageInfo_t info = receive(subject->faults);
    struct subject_fault fault = {.label = seL4_MessageInfo_get_label(info)};
    switch (fault.label) {
    case seL4_Fault_VMFault:
        fault.ip = seL4_GetMR(seL4_VMFault_IP);
        fault.detail = seL4_GetMR(seL4_VMFault_Addr);
        fault.code = seL4_GetMR(seL4_VMFault_FSR);
        break;
    case seL4_Fault_UserException:
        fault.ip = seL4_GetMR(seL4_UserException_FaultIP);
        fault.flags = seL4_GetMR(seL4_UserException_FLAGS);
        fault.detail = seL4_GetMR(seL4_UserException_Number);
        fault.code = seL4_GetMR(seL4_UserException_Code);
        break;
    case seL4_Fault_UnknownSyscall:
        fault.ip = seL4_GetMR(seL4_UnknownSyscall_FaultIP);
        fault.flags = seL4_GetMR(seL4_UnknownSyscall_FLAGS);
        fault.detail = seL4_GetMR(seL4_UnknownSyscall_Syscall);
        break;
    default: /* seL4_Fault_CapFault */
        fault.ip = seL4_GetMR(seL4_CapFault_IP);
        fault.detail = seL4_GetMR(seL4_CapFault_Addr);
    }
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject->tcb, 1, 0, SUBJECT_REGISTERS, registers));
    return fault;
}

struct subject_fault subject_run(const struct subject *subject, seL4_UserContext *registers)
{
    subject_start(subject, registers);
    return subject_wait(subject, registers);
}

void subject_fault_print(const struct subject_fault *fault)
{
    switch (fault->label) {
    case seL4_Fault_VMFault:
        SAY(" VM fault, address %lx, status %lx", fault->detail, fault->code);
        break;
    case seL4_Fault_UserException:
        SAY(" exception %ld, code %lx", (long)fault->detail, fault->code);
        break;
    case seL4_Fault_UnknownSyscall:
        SAY(" unknown system call %ld", (long)fault->detail);
        break;
    default:
        SAY(" fault %lx, address %lx", fault->label, fault->detail);
    }
}
