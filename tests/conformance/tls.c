/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread pointer: SetTLSBase, fs and gs as a thread uses them, and that each thread keeps its own. */
#include "conformance.h"

static seL4_Word areas[4] = {0x100, 0x200, 0x300, 0x400};
static __thread seL4_Word own = 7;

static seL4_Word fs_read(void)
{
    seL4_Word value;
    asm volatile("movq %%fs:0, %0" : "=r"(value));
    return value;
}

extern const char tls_reader[];
static volatile seL4_Word fs_found __attribute__((used)), gs_found __attribute__((used));

/* Reads through fs and gs until it is stopped; uses no thread-local storage. */
asm(".globl tls_reader\n"
    "tls_reader:\n"
    "    movq %fs:0, %rax\n"
    "    movq %rax, fs_found(%rip)\n"
    "    movq %gs:0, %rax\n"
    "    movq %rax, gs_found(%rip)\n"
    "    movq $-7, %rdx\n"
    "    movq %rsp, %rbx\n"
    "    syscall\n"
    "    movq %rbx, %rsp\n"
    "    jmp tls_reader\n");

static void test_other(void)
{
    section("another thread");
    struct sel4_util_thread *thread =
        spawn("reader", (void (*)(void *))(seL4_Word)tls_reader, NULL, PRIORITY_LOW);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    seL4_UserContext registers = {.rip = (seL4_Word)tls_reader,
                                  .rsp = (seL4_Word)thread->stack_top - 64,
                                  .fs_base = (seL4_Word)&areas[0],
                                  .gs_base = (seL4_Word)&areas[1]};
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(thread->tcb, SELF, 1));
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, 20, &registers));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, 1));
    while (!gs_found) {
        seL4_Yield();
    }
    SAY("written with all registers: fs %lx, gs %lx\n", fs_found, gs_found);
    CASE(seL4_TCB_SetTLSBase(thread->tcb, (seL4_Word)&areas[2]), "set TLS base");
    while (fs_found != 0x300) {
        seL4_Yield();
    }
    SAY("fs %lx, gs %lx\n", fs_found, gs_found);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(thread->tcb, 0, 0, 20, &registers));
    SAY("read back: fs right %d, gs right %d\n", registers.fs_base == (seL4_Word)&areas[2],
        registers.gs_base == (seL4_Word)&areas[1]);
    registers.gs_base = (seL4_Word)&areas[3];
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(thread->tcb, 1, 0, 20, &registers));
    while (gs_found != 0x400) {
        seL4_Yield();
    }
    SAY("gs written: fs %lx, gs %lx\n", fs_found, gs_found);
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread->tcb));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
}

static void test_own(void)
{
    section("the own thread");
    seL4_Word before = fs_read(); /* by convention the thread pointer itself */
    own = 9;
    seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();
    seL4_Word fresh[64] = {0};
    memcpy(fresh, (const void *)(before - 256), 256);
    fresh[32] = (seL4_Word)&fresh[32];
    CASE(seL4_TCB_SetTLSBase(SELF, (seL4_Word)&fresh[32]), "a copy of the own storage");
    own = 11;
    SAY("fs moved: %d, own %lu, IPC buffer the same: %d\n", fs_read() == (seL4_Word)&fresh[32], own,
        seL4_GetIPCBuffer() == buffer);
    CASE(seL4_TCB_SetTLSBase(SELF, before), "back");
    SAY("fs back: %d, own %lu\n", fs_read() == before, own);
}

static void shout(void *argument)
{
    own += (seL4_Word)argument;
    for (int i = 0; i < 3; i++) {
        seL4_Yield();
        own += 10;
    }
    SAY("thread %lu: own %lu\n", (seL4_Word)argument, own);
}

int main(seL4_BootInfo *info)
{
    open(info);
    test_own();
    section("threads");
    spawn("one", shout, (void *)1, PRIORITY_LOW);
    spawn("two", shout, (void *)2, PRIORITY_LOW);
    let_run();
    SAY("initial thread: own %lu\n", own);
    test_other();
    close();
    return 0;
}
