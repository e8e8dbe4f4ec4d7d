/* SPDX-License-Identifier: BSD-2-Clause */
/* From the processor's exceptions to signals, with the codes that Linux gives them. sigaction(2). */
#include "container/linux/signal_parts.h"
#include "container/linux/space.h"

enum {
    ILL_ILLOPN = 2,
    FPE_INTDIV = 1,
    SEGV_MAPERR = 1,
    SEGV_ACCERR,
    BUS_ADRALN = 1,
    BUS_ADRERR = 2,
    TRAP_BRKPT = 1,
    TRAP_TRACE = 2,
    DEBUG = 1,
    ICEBP = 0xf1,
    PAGE_FAULT = 14,
    FAULT_WRITE = 2,
    FAULT_USER = 4,
    FAULT_FETCH = 16
};

static const struct {
    int8_t signal, code; /* code 0: SI_KERNEL, and no address */
} EXCEPTIONS[] = {
    [0] = {SIGFPE, FPE_INTDIV},  [1] = {SIGTRAP, TRAP_TRACE}, [3] = {SIGTRAP, 0},
    [6] = {SIGILL, ILL_ILLOPN},  [12] = {SIGBUS, 0},          [16] = {SIGFPE, 0},
    [17] = {SIGBUS, BUS_ADRALN}, [19] = {SIGFPE, 0},
};

static void fault_note(struct thread *thread, uint64_t number, uint64_t error_code, uint64_t address)
{
    thread->fault[0] = error_code;
    thread->fault[1] = number;
    thread->fault[2] = address;
}

static void fault_signal(struct thread *thread, const struct siginfo *info)
{
    struct user_registers registers;
    if (!kernel_thread_read(&thread->kernel, &registers)) {
        broken("a thread cannot be read");
    }
    signal_fault(thread, info, &registers);
}

void signal_memory_fault(struct thread *thread, uint64_t address, uint64_t ip, bool is_write)
{
    const struct region *region = space_region(address);
    unsigned needed = is_write ? PROT_WRITE : PROT_READ | PROT_WRITE | PROT_EXEC;
    bool is_behind_file = region && region->protection & needed; /* it is allowed, and there is nothing */
    fault_note(thread, PAGE_FAULT,
               FAULT_USER | (is_write ? FAULT_WRITE : 0) | (ip == address ? FAULT_FETCH : 0), address);
    struct siginfo info = {.signal = is_behind_file ? SIGBUS : SIGSEGV,
                           .code = is_behind_file ? BUS_ADRERR
                                   : region       ? SEGV_ACCERR
                                                  : SEGV_MAPERR,
                           .fault.address = address};
    fault_signal(thread, &info);
}

/* Did an instruction ask for the exception, rather than the flag that asks for it always? Some processors are still at
 * the instruction, others behind it. */
static bool is_debug_instruction(uint64_t ip)
{
    unsigned char at[2];
    return !user_read(at, ip - 1, sizeof at) && (at[0] == ICEBP || at[1] == ICEBP);
}

void signal_exception(struct thread *thread, unsigned number, uint64_t error_code, uint64_t ip)
{
    bool is_known = number < sizeof EXCEPTIONS / sizeof *EXCEPTIONS && EXCEPTIONS[number].signal;
    int code = !is_known                                     ? 0
               : number == DEBUG && is_debug_instruction(ip) ? TRAP_BRKPT
                                                             : EXCEPTIONS[number].code;
    struct siginfo info = {.signal = is_known ? EXCEPTIONS[number].signal : SIGSEGV,
                           .code = code ? code : SI_KERNEL};
    bool has_address = code || info.signal == SIGFPE;
    info.fault.address = has_address ? ip : 0;
    fault_note(thread, number, error_code, 0);
    fault_signal(thread, &info);
}
