/* SPDX-License-Identifier: BSD-2-Clause */
/* seL4_TCBFlag_fpuDisabled: which instructions a thread without the FPU may still execute, and what stops the others,
 * also when the code changes between two rounds. */
#include "conformance.h"

enum {
    TURNS = 50,
    INSTRUCTION_AT = 3 /* in the loop */
};

#define CODE  0x8000400000ul
#define ALIAS 0x8000600000ul

static seL4_CPtr fault_endpoint;
static volatile seL4_Word turns;
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

/* To code that wants rdi to point to a number, and yields. */
static void code_enter(void *to)
{
    asm volatile("jmp *%0" : : "r"(CODE), "D"(to), "d"((seL4_Word)seL4_SysYield) : "memory");
}

static void code_write(seL4_Word offset, const char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ((volatile char *)(ALIAS + offset))[i] = bytes[i];
    }
}

static void code_run(const char *name, const volatile void *to)
{
    turns = TURNS;
    struct sel4_util_thread *thread =
        spawn_faulting(name, code_enter, (void *)to, PRIORITY_LOW, fault_endpoint);
    seL4_TCB_SetFlags_t flags = seL4_TCB_SetFlags(thread->tcb, 0, seL4_TCBFlag_fpuDisabled);
    CASE(flags.error, "%s: set, flags %lx", name, flags.flags);
    let_run();
    seL4_MessageInfo_t message = seL4_NBRecv(fault_endpoint, NULL);
    SAY("%s: fault %lx, at +%lx, number %lx, turns left %lu\n", name, seL4_MessageInfo_get_label(message),
        seL4_GetMR(0) - CODE, seL4_GetMR(3), turns);
}

/* A loop around a system call, with room for an instruction that may need the FPU. */
static void test_loop(void)
{
    static const char loop[] = "\x48\xff\x0f"     /* decq (%rdi) */
                               "\x90\x90\x90"     /* nop; nop; nop */
                               "\x0f\x05"         /* syscall */
                               "\x48\x83\x3f\x00" /* cmpq $0, (%rdi) */
                               "\x75\xf2"         /* jne to the start */
                               "\x0f\x0b";        /* ud2 */
    code_write(0, loop, sizeof(loop) - 1);
    code_run("no FPU", &turns);
    code_run("no FPU, again", &turns);
    code_write(INSTRUCTION_AT, "\x0f\x57\xc0", 3); /* xorps %xmm0, %xmm0 */
    code_run("FPU", &turns);
    code_write(INSTRUCTION_AT, "\x66\x66\x90", 3);
    code_run("no FPU any more", &turns);
    code_write(0, "\xeb\x01", 2); /* jmp over the nop */
    code_write(2, "\x90\x48\xff\x0f\x0f\x05\xd9\xee\x0f\x0b", 10); /* decq; syscall; fldz; ud2 */
    code_run("FPU behind the call", &turns);
}

static void test_changes_itself(seL4_CPtr frame)
{
    static const char code[] = "\xc7\x07\x0f\x57\xc0\x90" /* movl xorps and nop, (%rdi) */
                               "\x90\x90\x90\x90"         /* four nops, where rdi points to */
                               "\x0f\x05"                 /* syscall */
                               "\x0f\x0b";                /* ud2 */
    code_write(0, code, sizeof(code) - 1);
    code_run("writes where it may not", (const void *)(CODE + 6));
    SEL4_UTIL_CHECK(seL4_X86_Page_Map(frame, VSPACE, CODE, seL4_AllRights, seL4_X86_Default_VMAttributes));
    code_run("writes an instruction that needs the FPU", (const void *)(CODE + 6));
}

static void test_code(void)
{
    seL4_CPtr frame = make(seL4_X86_4K);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, frame, CODE, seL4_CanRead));
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, copy(frame), ALIAS, seL4_AllRights));
    section("code that changes");
    test_loop();
    section("code that changes itself");
    test_changes_itself(frame);
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
    test_code();
    close();
    return 0;
}
