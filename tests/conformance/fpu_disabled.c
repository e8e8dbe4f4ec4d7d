/* SPDX-License-Identifier: BSD-2-Clause */
/* seL4_TCBFlag_fpuDisabled: which instructions a thread without the FPU may still execute, and what stops the others. */
#include "conformance.h"

static seL4_CPtr fault_endpoint;
static volatile seL4_Word integer_sum;
static volatile double float_result;

static void integers(void *unused)
{
    (void)unused;
    seL4_Word sum = 0;
    for (seL4_Word i = 1; i <= 100; i++) {
        sum += i * i;
    }
    integer_sum = sum;
    seL4_Yield(); /* system calls go on as ever */
    integer_sum = sum + 1;
}

static void sse(void *unused)
{
    (void)unused;
    asm volatile("movl $42, %%eax\n\tcvtsi2sd %%eax, %%xmm1\n\tmovsd %%xmm1, %0"
                 : "=m"(float_result)
                 :
                 : "eax", "xmm1");
}

static void x87(void *unused)
{
    (void)unused;
    asm volatile("fld1\n\tfaddl %1\n\tfstpl %0" : "=m"(float_result) : "m"(float_result));
}

static void control_word(void *unused)
{
    (void)unused;
    unsigned short control;
    asm volatile("fnstcw %0" : "=m"(control));
}

static void status_register(void *unused)
{
    (void)unused;
    unsigned status;
    asm volatile("stmxcsr %0" : "=m"(status));
}

static void wait_instruction(void *unused)
{
    (void)unused;
    asm volatile("fwait");
}

/* Start the thread with the FPU disabled; if it faults, give the FPU back and let it go on. */
static void run(const char *name, void (*entry)(void *))
{
    struct sel4_util_thread *thread = spawn_faulting(name, entry, NULL, PRIORITY_LOW, fault_endpoint);
    seL4_TCB_SetFlags_t flags = seL4_TCB_SetFlags(thread->tcb, 0, seL4_TCBFlag_fpuDisabled);
    CASE(flags.error, "%s: set, flags %lx", name, flags.flags);
    let_run();
    seL4_Word badge = 0;
    seL4_MessageInfo_t message = seL4_NBRecv(fault_endpoint, &badge);
    if (badge == 0) {
        SAY("%s: no fault\n", name);
        return;
    }
    SAY("%s: fault %lx, length %lx, number %lx, code %lx\n", name, seL4_MessageInfo_get_label(message),
        seL4_MessageInfo_get_length(message), seL4_GetMR(3), seL4_GetMR(4));
    flags = seL4_TCB_SetFlags(thread->tcb, seL4_TCBFlag_fpuDisabled, 0);
    CASE(flags.error, "%s: cleared, flags %lx", name, flags.flags);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    let_run();
    badge = 0;
    (void)seL4_NBRecv(fault_endpoint, &badge);
    SAY("%s: %s\n", name, badge ? "faults again" : "goes on");
}

int main(seL4_BootInfo *info)
{
    open(info);
    fault_endpoint = mint(make(seL4_EndpointObject), seL4_AllRights, 0xf);
    section("allowed");
    run("integers", integers);
    SAY("sum %lu\n", integer_sum);
    section("refused");
    run("sse", sse);
    SAY("result %lu\n", (seL4_Word)float_result);
    run("x87", x87);
    SAY("result %lu\n", (seL4_Word)float_result);
    run("fnstcw", control_word);
    run("stmxcsr", status_register);
    run("fwait", wait_instruction);
    close();
    return 0;
}
