/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: one made by hand out of its parts, then what priorities, yielding and
 * suspending do. The main thread has the highest priority and gives way only when
 * others shall run, so what is printed has one possible order.
 * Manual: chapter "Threads and Execution", section "Threads".
 */
#include <sel4_util.h>

enum {
    FLAGS_RESERVED_BIT = 0x2,
    REGISTERS = sizeof(seL4_UserContext) / sizeof(seL4_Word),
    STACK_SIZE = 4096,
    RACERS = 3,
    TURNS = 3,
    MAX_RECORDS = 15
};

static struct sel4_util_allocator allocator;
static seL4_CPtr finished; /* a notification */

/* What threads did, in order. Volatile, as all that threads share: a compiler that sees the whole program
 * would not expect a variable to change during a system call. */
static volatile char record[MAX_RECORDS];
static volatile unsigned record_count;

static void record_add(char letter)
{
    record[record_count] = letter;
    record_count++;
}

static void record_print(const char *what)
{
    sel4_util_printf("  %-56s %s", what, record_count ? "" : "nobody");
    for (unsigned i = 0; i < record_count; i++) {
        sel4_util_putchar(record[i]);
    }
    sel4_util_putchar('\n');
    record_count = 0;
}

static void heading(const char *text)
{
    sel4_util_printf("\n%s\n", text);
}

static void show(const char *what, seL4_Word error)
{
    sel4_util_printf("  %-56s %s\n", what, sel4_util_error_name(error));
}

/* --- a thread by hand --- */

static unsigned char hand_stack[STACK_SIZE] __attribute__((aligned(16)));
static volatile seL4_Word hand_sum;

/* Signal needs no IPC buffer and no thread-local storage, so this thread gets neither. */
static void hand_main(seL4_Word a, seL4_Word b)
{
    hand_sum = a + b;
    seL4_Signal(finished);
    for (;;) {
        seL4_Wait(finished, NULL); /* not reached: the main thread waits first and suspends us */
    }
}

static seL4_Error hand_registers_write(seL4_TCB tcb, seL4_Word a, seL4_Word b)
{
    seL4_UserContext registers = {
        .rip = (seL4_Word)hand_main,
        .rsp = (seL4_Word)(hand_stack + STACK_SIZE) - sizeof(seL4_Word), /* as after a call */
        .rflags = FLAGS_RESERVED_BIT,
        .rdi = a,
        .rsi = b,
    };
    return (seL4_Error)seL4_TCB_WriteRegisters(tcb, 0, 0, REGISTERS, &registers);
}

static void demonstrate_by_hand(void)
{
    heading("A thread by hand");
    seL4_TCB tcb = sel4_util_object_alloc(&allocator, seL4_TCBObject, 0);
    show("give it our capability space and address space",
         (seL4_Word)seL4_TCB_Configure(tcb, seL4_CapNull, seL4_CapInitThreadCNode, 0,
                                       seL4_CapInitThreadVSpace, 0, 0, seL4_CapNull));
    show("priority 100, by our own authority",
         (seL4_Word)seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, 100));
    show("registers: where to start, a stack, arguments 3 and 4", hand_registers_write(tcb, 3, 4));

    seL4_UserContext registers;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, REGISTERS, &registers));
    sel4_util_printf("  read back: rdi %lu, rsi %lu, rip %s\n", registers.rdi, registers.rsi,
                     registers.rip == (seL4_Word)hand_main ? "at its function" : "elsewhere");

    show("resume it", (seL4_Word)seL4_TCB_Resume(tcb));
    sel4_util_printf("  we have priority 255, so it has not run: %lu\n", hand_sum);
    seL4_Wait(finished, NULL);
    sel4_util_printf("  we wait, it runs: %lu\n", hand_sum);

    show("suspend it, and start it again with 30 and 40", (seL4_Word)seL4_TCB_Suspend(tcb));
    SEL4_UTIL_CHECK(hand_registers_write(tcb, 30, 40));
    SEL4_UTIL_CHECK(seL4_TCB_Resume(tcb));
    seL4_Wait(finished, NULL);
    sel4_util_printf("  we wait, it runs: %lu\n", hand_sum);
    show("delete its last capability, and the thread is gone",
         (seL4_Word)seL4_CNode_Delete(allocator.cnode, tcb, seL4_WordBits));
    show("  resume it", (seL4_Word)seL4_TCB_Resume(tcb));
}

/* --- priorities --- */

/* The argument is the thread's letter. */
static void racer(void *argument)
{
    record_add((char)(seL4_Word)argument);
}

static seL4_TCB thread_start(void (*entry)(void *), char letter, seL4_Word priority)
{
    struct sel4_util_thread thread;
    char name[] = {'t', 'h', 'r', 'e', 'a', 'd', ' ', letter, '\0'};
    SEL4_UTIL_CHECK(sel4_util_thread_start(
        &thread, &allocator,
        &(struct sel4_util_thread_config){
            .name = name, .entry = entry, .argument = (void *)(seL4_Word)letter, .priority = priority}));
    return thread.tcb;
}

/* Let everybody run until nobody can: the lowest priority is then ours. */
static void let_run(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, seL4_MinPrio));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, seL4_MaxPrio));
}

static void demonstrate_priorities(void)
{
    heading("Priorities: the highest that can run does run");
    for (seL4_Word i = 0; i < RACERS; i++) {
        thread_start(racer, (char)('a' + i), 10 + i);
    }
    record_print("a, b, c are ready, at 10, 11 and 12; so far ran:");
    let_run();
    record_print("we go down to priority 0; they ran in the order:");

    seL4_TCB a = thread_start(racer, 'a', 10);
    thread_start(racer, 'b', 11);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(a, seL4_CapInitThreadTCB, 20));
    let_run();
    record_print("a and b once more, but a is raised to 20:");

    thread_start(racer, 'a', 10);
    record_add('1');
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, 5));
    record_add('2');
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, seL4_MaxPrio));
    record_print("1, then we go down to 5 and let a run, then 2:");
}

static void demonstrate_authority(void)
{
    heading("Authority: nobody gives a priority above his own maximum");
    seL4_TCB modest = sel4_util_object_alloc(&allocator, seL4_TCBObject, 0);
    seL4_TCB other = sel4_util_object_alloc(&allocator, seL4_TCBObject, 0);
    show("a thread with maximum controlled priority 50",
         (seL4_Word)seL4_TCB_SetMCPriority(modest, seL4_CapInitThreadTCB, 50));
    show("in its name, another one gets priority 50", (seL4_Word)seL4_TCB_SetPriority(other, modest, 50));
    seL4_Error error = (seL4_Error)seL4_TCB_SetPriority(other, modest, 51);
    seL4_Word least = seL4_GetMR(0);
    seL4_Word most = seL4_GetMR(1);
    show("in its name, another one gets priority 51", error);
    sel4_util_printf("    allowed: %lu to %lu\n", least, most);
    show("in the name of something that is no thread",
         (seL4_Word)seL4_TCB_SetPriority(other, seL4_CapInitThreadCNode, 1));
}

/* --- taking turns --- */

static void yielder(void *argument)
{
    for (unsigned turn = 0; turn < TURNS; turn++) {
        record_add((char)(seL4_Word)argument);
        seL4_Yield();
    }
}

static void demonstrate_yield(void)
{
    heading("Equal priorities take turns");
    thread_start(yielder, 'a', 10);
    thread_start(yielder, 'b', 10);
    let_run();
    bool alternates = true;
    for (unsigned i = 1; i < record_count; i++) {
        alternates &= record[i] != record[i - 1];
    }
    sel4_util_printf("  a and b yield after each step; they alternate: %s\n", alternates ? "yes" : "no");
    record_count = 0;

    thread_start(yielder, 'a', 11);
    thread_start(yielder, 'b', 10);
    let_run();
    record_print("with a one higher, yielding gives b nothing:");
}

/* --- suspending --- */

static seL4_CPtr work; /* a notification */
static volatile unsigned work_done;

static void waiter(void *argument)
{
    (void)argument;
    for (;;) {
        seL4_Wait(work, NULL);
        work_done++;
    }
}

static void demonstrate_suspend(void)
{
    heading("Suspending a thread that waits");
    work = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    seL4_TCB tcb = thread_start(waiter, 'w', 50);
    let_run();
    seL4_Signal(work);
    let_run();
    sel4_util_printf("  it waits, we signal; work done: %u\n", work_done);
    show("suspend it", (seL4_Word)seL4_TCB_Suspend(tcb));
    seL4_Signal(work);
    let_run();
    sel4_util_printf("  we signal; work done: %u\n", work_done);
    show("resume it: it makes its system call once more", (seL4_Word)seL4_TCB_Resume(tcb));
    let_run();
    sel4_util_printf("  the signal was kept; work done: %u\n", work_done);
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("threads: registers, spaces and a priority\n");
    finished = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    demonstrate_by_hand();
    demonstrate_priorities();
    demonstrate_authority();
    demonstrate_yield();
    demonstrate_suspend();
    sel4_util_printf("\nthreads: done\n");
    return 0;
}
