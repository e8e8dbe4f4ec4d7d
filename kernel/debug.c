/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug system calls. Whatever is wrong with their arguments halts the
 * system, as on seL4: they are for people who look at the console.
 * Manual: API reference, "Debugging System Calls".
 */
#include "kernel/debug.h"

#include "kernel/benchmark.h"
#include "kernel/cspace.h"
#include "kernel/invocation.h"
#include "kernel/ipc.h"
#include "kernel/message.h"
#include "kernel/print.h"
#include "kernel/state.h"
#include "kernel/thread.h"

#define PHYSICAL_WINDOW 0xffffff8000000000ull

uint64_t debug_tcb_pointer(const struct kernel *k, const struct tcb *tcb)
{
    return PHYSICAL_WINDOW + arena_paddr(k, tcb) + (1ull << k->abi->object_bits[OBJECT_TCB]) / 2;
}

/* seL4's own numbers for the types of capabilities, which only these calls show. */
static unsigned cap_number(struct cap cap)
{
    static const uint8_t numbers[] = {
        [CAP_NULL] = 0,          [CAP_UNTYPED] = 2,        [CAP_ENDPOINT] = 4, [CAP_NOTIFICATION] = 6,
        [CAP_REPLY] = 8,         [CAP_CNODE] = 10,         [CAP_THREAD] = 12,  [CAP_ZOMBIE] = 18,
        [CAP_IRQ_CONTROL] = 14,  [CAP_IRQ_HANDLER] = 16,   [CAP_DOMAIN] = 20,  [CAP_FRAME] = 1,
        [CAP_PAGE_TABLE] = 3,    [CAP_PAGE_DIRECTORY] = 5, [CAP_PDPT] = 7,     [CAP_PML4] = 9,
        [CAP_ASID_CONTROL] = 11, [CAP_ASID_POOL] = 13,     [CAP_IO_PORT] = 19, [CAP_IO_PORT_CONTROL] = 31,
        [CAP_REPLY_OBJECT] = 8,  [CAP_SCHED_CONTEXT] = 22, [CAP_SCHED_CONTROL] = 24,
        [CAP_HOST] = 30, /* which seL4 has not */
    };
    return numbers[cap.type];
}

/* What the current thread names, or a null capability. */
static struct cap cap_named(struct kernel *k, uint64_t cptr)
{
    struct lookup_failure failure;
    struct slot *slot;
    return cspace_lookup(k, current_tcb(k), cptr, &slot, &failure) ? slot->cap : cap_null();
}

/* The kernel's last words tell how it was entered, packed from the current thread's arguments. */
static unsigned entry_word(struct kernel *k)
{
    const uint64_t *reg = current_tcb(k)->context.reg;
    uint64_t number = (0 - reg[REG_RDX]) & 15;
    uint64_t label = reg[REG_RSI] >> 12;
    uint64_t word =
        number >> 3 | (uint64_t)cap_number(cap_named(k, reg[REG_RDI])) << 1 | 1u << 6 | label << 7;
    return word & ((1u << 26) - 1);
}

static void debug_halt(struct kernel *k)
{
    kernel_print(k, "halting...\n");
    if (k->abi->config.is_debug)
        kernel_print(k, "Kernel entry via Unknown syscall, word: %u", entry_word(k));
    k->state->is_halted = true;
    kernel_refresh(k);
}

static void debug_refuse(struct kernel *k, const char *why)
{
    remark(k, "%s, halting", why);
    debug_halt(k);
}

static void debug_name_thread(struct kernel *k)
{
    enum {
        NAME_MAX = ABI_MESSAGE_WORDS * 8
    };
    struct tcb *current = current_tcb(k);
    struct cap cap = cap_named(k, current->context.reg[REG_RDI]);
    const uint64_t *buffer = thread_ipc_buffer(k, current, true);

    if (cap.type != CAP_THREAD) {
        debug_refuse(k, "SysDebugNameThread: cap is not a TCB");
        return;
    }
    if (!buffer) { /* DIFFERS: seL4 faults in the kernel, with a dump of its own */
        debug_refuse(k, "SysDebugNameThread: Failed to lookup IPC buffer");
        return;
    }
    const char *name = (const char *)(buffer + BUFFER_MESSAGE);
    unsigned length = 0;
    while (length < NAME_MAX && name[length])
        length++;
    if (length == NAME_MAX) {
        debug_refuse(k, "SysDebugNameThread: Name too long");
        return;
    }
    tcb_set_name(tcb_at(k, cap.paddr), name);
}

static void debug_say_who(struct kernel *k, const char *what)
{
    const struct tcb *tcb = current_tcb(k);
    kernel_print(k, "Debug %s syscall from user thread %p \"%s\"\n", what, (void *)debug_tcb_pointer(k, tcb),
                 tcb->name);
}

void debug_syscall(struct kernel *k, enum syscall syscall)
{
    struct tcb *current = current_tcb(k);
    uint64_t *reg = current->context.reg;

    switch (syscall) {
    case SYSCALL_DEBUG_PUT_CHAR:
        kernel_print(k, "%c", (int)(reg[REG_RDI] & 0xff));
        return;
    case SYSCALL_DEBUG_DUMP_SCHEDULER:
        debug_dump_scheduler(k);
        return;
    case SYSCALL_DEBUG_HALT:
        debug_say_who(k, "halt");
        debug_halt(k);
        return;
    case SYSCALL_DEBUG_SNAPSHOT:
        debug_say_who(k, "snapshot");
        debug_snapshot(k);
        return;
    case SYSCALL_DEBUG_CAP_IDENTIFY:
        reg[REG_RDI] = cap_number(cap_named(k, reg[REG_RDI]));
        return;
    case SYSCALL_DEBUG_NAME_THREAD:
        debug_name_thread(k);
        return;
    case SYSCALL_DEBUG_SEND_IPI:
        debug_refuse(k, "SysDebugSendIPI: not supported on this architecture");
        return;
    case SYSCALL_X86_DANGEROUS_WRMSR: /* DIFFERS: no model-specific register is there */
        return;
    case SYSCALL_X86_DANGEROUS_RDMSR:
        reg[REG_R10] = 0;
        return;
    default:
        if (benchmark_syscall(k, syscall))
            return;
        /* virtual machines, code of a user's in the kernel: we have none */
        fault_raise(k, current, (struct fault){.type = FAULT_UNKNOWN_SYSCALL, .address = reg[REG_RDX]});
    }
}
