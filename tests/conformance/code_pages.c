/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code with system calls in frames that the program maps: it reads back as it was written wherever the frame
 * is mapped, and what runs is what the memory holds, through whichever mapping, VSpace or kernel object it
 * was written.
 *
 * The code is `syscall; add $STEP, %ebp; ud2`; the middle three bytes are what a kernel that changes code
 * would take along with the call.
 */
#include "subject.h"

enum {
    REPEATS = 4,
    CODE_SIZE = 7,
    STEP_AT = 4, /* in the code */
    PAGE = 4096,
    SAMPLES = 4
};

/* Addresses; the first two share a page table with nothing else. */
#define CODE   0x8000400000ul
#define ALIAS  0x8000600000ul
#define THIRD  0x8000800000ul
#define LARGE  0x8010000000ul
#define LARGE2 0x8020000000ul

static struct subject subject;
static seL4_Word cell;

static void bytes_write(seL4_Word at, const unsigned char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ((volatile unsigned char *)at)[i] = bytes[i];
    }
}

static void code_write(seL4_Word at, unsigned char step)
{
    bytes_write(at, (const unsigned char[]){0x0f, 0x05, 0x83, 0xc5, step, 0x0f, 0x0b}, CODE_SIZE);
}

static bool code_is(seL4_Word at, unsigned char step)
{
    const unsigned char code[] = {0x0f, 0x05, 0x83, 0xc5, step, 0x0f, 0x0b};
    return memcmp((const void *)at, code, CODE_SIZE) == 0;
}

static void step_write(seL4_Word at, unsigned char step)
{
    *(volatile unsigned char *)(at + STEP_AT) = step;
}

static seL4_UserContext code_registers(const struct subject *who, seL4_Word at)
{
    seL4_UserContext registers = subject_registers(who, at);
    registers.rdx = (seL4_Word)seL4_SysYield;
    registers.rbp = registers.rcx = 0;
    registers.rax = (seL4_Word)&cell; /* zeroes are `add %al, (%rax)` */
    return registers;
}

/* Run it several times; one line if the runs do not differ. */
static void run_as(const struct subject *who, const char *what, seL4_Word at)
{
    seL4_Word last_rbp = ~0ul, last_ip = ~0ul;
    for (unsigned i = 0; i < REPEATS; i++) {
        seL4_UserContext registers = code_registers(who, at);
        struct subject_fault fault = subject_run(who, &registers);
        if (i && registers.rbp == last_rbp && fault.ip == last_ip) {
            continue;
        }
        last_rbp = registers.rbp;
        last_ip = fault.ip;
        SAY("%s: rbp %lx,", what, registers.rbp);
        subject_fault_print(&fault);
        if (fault.ip - at < 64) {
            SAY(", ip +%lu", fault.ip - at);
        } else {
            SAY(", ip %lx", fault.ip);
        }
        SAY(", called: %d\n", registers.rcx == at + 2);
    }
}

static void run(const char *what, seL4_Word at)
{
    run_as(&subject, what, at);
}

static seL4_CPtr map(seL4_CPtr frame, seL4_Word vaddr, seL4_CapRights_t rights)
{
    SEL4_UTIL_CHECK(sel4_util_map(&pool, VSPACE, frame, vaddr, rights));
    return frame;
}

static void unmap(seL4_CPtr frame)
{
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(frame));
}

static void test_aliases(void)
{
    section("two mappings of a frame");
    seL4_CPtr frame = map(make(seL4_X86_4K), CODE, seL4_AllRights);
    seL4_CPtr alias = map(copy(frame), ALIAS, seL4_AllRights);
    code_write(ALIAS + 16, 1);
    run("written through the other mapping", CODE + 16);
    SAY("reads back here: %d, there: %d\n", code_is(CODE + 16, 1), code_is(ALIAS + 16, 1));
    step_write(ALIAS + 16, 2);
    run("step overwritten there", CODE + 16);
    step_write(CODE + 16, 3);
    run("step overwritten here", CODE + 16);
    SAY("reads back here: %d, there: %d\n", code_is(CODE + 16, 3), code_is(ALIAS + 16, 3));
    run("run there", ALIAS + 16);
    step_write(CODE + 16, 4);
    run("overwritten here, run there", ALIAS + 16);
    run("overwritten here, run here", CODE + 16);
    step_write(ALIAS + 16, 5);
    run("overwritten there, run there", ALIAS + 16);
    run("overwritten there, run here", CODE + 16);
    static const unsigned char no_call[] = {0x66, 0x90}, is_call[] = {0x0f, 0x05};
    bytes_write(ALIAS + 16, no_call, 2);
    run("no call any more", CODE + 16);
    bytes_write(CODE + 16, is_call, 2);
    run("a call again", CODE + 16);
    run("a call again, there", ALIAS + 16);
    bytes_write(CODE + 16, no_call, 2);
    run("no call any more", CODE + 16);
    run("no call any more, there", ALIAS + 16);
    /* Shifted by a byte, what were the ends of instructions are now their middles. */
    code_write(CODE + 17, 6);
    run("shifted", CODE + 17);
    code_write(CODE + 16, 7);
    run("shifted back", CODE + 16);
    /* Other words of the page are data. */
    for (seL4_Word i = 0; i < 100; i++) {
        *(volatile seL4_Word *)(CODE + 2048) = i;
        *(volatile seL4_Word *)(ALIAS + 2056) = *(volatile seL4_Word *)(ALIAS + 2048) + 1;
    }
    run("with data beside it", CODE + 16);
    SAY("the data: %lu %lu\n", *(volatile seL4_Word *)(ALIAS + 2048), *(volatile seL4_Word *)(CODE + 2056));
    unmap(alias);
    step_write(CODE + 16, 8);
    run("one mapping left", CODE + 16);
    unmap(frame);
    run("none left", CODE + 16);
    map(frame, CODE, seL4_AllRights);
    run("mapped again", CODE + 16);
    unmap(frame);
}

/* `movb $STEP, step(%rip)`, then the code. */
static void self_write(seL4_Word at, unsigned char step)
{
    const unsigned char move[] = {0xc6, 0x05, STEP_AT, 0, 0, 0, step};
    bytes_write(at, move, sizeof(move));
    code_write(at + sizeof(move), 1);
}

static void run_self(const char *what, seL4_Word at)
{
    for (unsigned i = 0; i < REPEATS; i++) {
        seL4_UserContext registers = code_registers(&subject, at);
        struct subject_fault fault = subject_run(&subject, &registers);
        SAY("%s: rbp %lx,", what, registers.rbp);
        subject_fault_print(&fault);
        SAY(", ip +%lu, called: %d\n", fault.ip - at, registers.rcx == at + 9);
    }
}

static void test_rights(void)
{
    section("code that writes itself");
    seL4_CPtr frame = map(make(seL4_X86_4K), CODE, seL4_AllRights);
    seL4_CPtr alias = map(copy(frame), ALIAS, seL4_CanRead);
    self_write(CODE, 0x11);
    run_self("writable", CODE);
    step_write(CODE + 7, 0x12);
    run("without the writing", CODE + 7);
    run_self("writable", CODE);
    step_write(CODE + 7, 0x13);
    run("read-only, without the writing", ALIAS + 7);
    run_self("read-only", ALIAS);
    run("unchanged", ALIAS + 7);
    run_self("writable", CODE);
    run("changed", ALIAS + 7);
    SAY("reads back: %d %d\n", code_is(ALIAS + 7, 0x11), code_is(CODE + 7, 0x11));
    map(frame, CODE, seL4_CanRead);
    run_self("rights taken", CODE);
    map(frame, CODE, seL4_AllRights);
    run_self("rights given", CODE);
    unmap(alias);
    unmap(frame);
}

static void test_remap(void)
{
    section("another frame at the address");
    seL4_CPtr frames[3];
    for (unsigned char i = 0; i < 3; i++) {
        frames[i] = map(make(seL4_X86_4K), CODE, seL4_AllRights);
        code_write(CODE + 32, (unsigned char)(0x21 + i));
        unmap(frames[i]);
    }
    for (unsigned round = 0; round < 6; round++) {
        map(frames[round % 3], CODE, seL4_AllRights);
        run("frame", CODE + 32);
        unmap(frames[round % 3]);
    }
    run("no frame", CODE + 32);
    map(frames[0], CODE, seL4_AllRights);
    map(frames[1], ALIAS, seL4_AllRights);
    run("two frames", CODE + 32);
    run("two frames", ALIAS + 32);
    unmap(frames[0]);
    unmap(frames[1]);
    map(frames[1], CODE, seL4_AllRights);
    map(frames[0], ALIAS, seL4_AllRights);
    run("exchanged", CODE + 32);
    run("exchanged", ALIAS + 32);
    unmap(frames[0]);
    unmap(frames[1]);
}

static void test_vspaces(void)
{
    section("two VSpaces");
    static struct subject other;
    seL4_CPtr vspace = vspace_make();
    subject_make_in(&other, "other", vspace);
    seL4_CPtr frame = map(make(seL4_X86_4K), CODE, seL4_AllRights);
    seL4_CPtr same = copy(frame), elsewhere = copy(frame), read_only = copy(frame);
    SEL4_UTIL_CHECK(sel4_util_map(&pool, vspace, same, CODE, seL4_AllRights));
    SEL4_UTIL_CHECK(sel4_util_map(&pool, vspace, elsewhere, THIRD, seL4_AllRights));
    SEL4_UTIL_CHECK(sel4_util_map(&pool, vspace, read_only, THIRD + PAGE, seL4_CanRead));
    self_write(CODE, 0x31);
    code_write(CODE + 64, 1);
    for (unsigned char step = 2; step < 6; step++) {
        run("one", CODE + 64);
        run_as(&other, "other, the same address", CODE + 64);
        run_as(&other, "other, elsewhere", THIRD + 64);
        run_as(&other, "other, read-only", THIRD + PAGE + 64);
        SAY("reads back: %d\n", code_is(CODE + 64, (unsigned char)(step - 1)));
        step_write(CODE + 64, step);
    }
    /* The other one writes: through one of its mappings, then both run. */
    run("before the writing", CODE + 7);
    run_as(&other, "before the writing, other", CODE + 7);
    run_as(&other, "writing", THIRD);
    run("after it", CODE + 7);
    run_as(&other, "after it, other", CODE + 7);
    run_as(&other, "after it, read-only", THIRD + PAGE + 7);
    SAY("reads back: %d\n", code_is(CODE + 7, 0x31));
    unmap(same);
    run_as(&other, "other, unmapped", CODE + 64);
    run("one", CODE + 64);
    run_as(&other, "other, elsewhere", THIRD + 64);
    SEL4_UTIL_CHECK(discard(vspace));
    run("one, the other VSpace is gone", CODE + 64);
    step_write(CODE + 64, 0x3f);
    run("overwritten", CODE + 64);
    unmap(frame);
}

/* A message of many words is written into the receiver's IPC buffer, which is the code. */
static seL4_CPtr inbox;

static void receive(void *unused)
{
    (void)unused;
    for (;;) {
        seL4_Recv(inbox, NULL);
    }
}

static void test_kernel_writes(void)
{
    section("written by the kernel");
    enum {
        WORD_AT = 8, /* message word that holds the code */
        WORDS = 12
    };
    inbox = make(seL4_EndpointObject);
    struct sel4_util_thread *thread = spawn("receiver", receive, NULL, PRIORITY_HIGH);
    seL4_Word code = (seL4_Word)&thread->ipc_buffer->msg[WORD_AT];
    seL4_CPtr alias = map(copy(thread->ipc_frame), ALIAS, seL4_AllRights);
    seL4_Word there = ALIAS + (code & (PAGE - 1)), unused = THIRD + (code & (PAGE - 1));
    seL4_CPtr reader = map(copy(thread->ipc_frame), THIRD, seL4_CanRead);
    for (seL4_Word step = 0x41; step < 0x45; step++) {
        for (int i = 0; i < WORDS; i++) {
            seL4_SetMR(i, 0x900b0f05c583050f); /* harmless wherever it starts */
        }
        seL4_SetMR(WORD_AT, 0x900b0f00c583050f | step << 32);
        seL4_Send(inbox, seL4_MessageInfo_new(0, 0, 0, WORDS));
        run("here", code);
        run("there", there);
        SAY("reads back: %d %d\n", code_is(code, (unsigned char)step), code_is(unused, (unsigned char)step));
    }
    unmap(reader);
    unmap(alias);
}

static void test_reuse(void)
{
    section("memory used again");
    seL4_CPtr untyped = make_sized(seL4_UntypedObject, seL4_PageBits);
    seL4_CPtr frame = slot();
    for (unsigned char round = 0; round < 3; round++) {
        SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_X86_4K, 0, CNODE, 0, 0, frame, 1));
        map(frame, CODE, seL4_AllRights);
        run("a new frame", CODE);
        code_write(CODE, (unsigned char)(0x51 + round));
        run("filled", CODE);
        if (round == 1) {
            SEL4_UTIL_CHECK(discard(frame));
        }
        SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, untyped, WORD));
        run("revoked", CODE);
        SEL4_UTIL_CHECK(seL4_Untyped_Retype(untyped, seL4_NotificationObject, 0, CNODE, 0, 0, frame, 1));
        seL4_Word badge = 7;
        seL4_Signal(frame);
        seL4_Poll(frame, &badge);
        SAY("as a notification: %lu\n", badge);
        SEL4_UTIL_CHECK(seL4_CNode_Revoke(CNODE, untyped, WORD));
    }
}

static void test_large(void)
{
    section("a page of 2 MiB");
    static const seL4_Word places[] = {0, 0xffd, 0x2000, 0x12345, 0x100000, 0x1ffff9};
    seL4_CPtr frame = map(make(seL4_X86_LargePageObject), LARGE, seL4_AllRights);
    seL4_CPtr alias = map(copy(frame), LARGE2, seL4_AllRights);
    for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
        code_write(LARGE + places[i], (unsigned char)(0x61 + i));
    }
    for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
        SAY("at %lx\n", places[i]);
        run("  here", LARGE + places[i]);
        run("  there", LARGE2 + places[i]);
        step_write(LARGE2 + places[i], (unsigned char)(0x71 + i));
        run("  overwritten there", LARGE + places[i]);
        step_write(LARGE + places[i], (unsigned char)(0x61 + i));
        run("  overwritten here", LARGE2 + places[i]);
    }
    unsigned right = 0;
    for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
        right += code_is(LARGE + places[i], (unsigned char)(0x61 + i)) &&
                 code_is(LARGE2 + places[i], (unsigned char)(0x61 + i));
    }
    SAY("read back: %u\n", right);
    unmap(frame);
    run("unmapped", LARGE);
    run("the other mapping", LARGE2);
    unmap(alias);
}

/*
 * A thread in a loop: `syscall; add $STEP, %ebp; jmp loop`, in one aligned word. It signals, which does not
 * block.
 */
#define LOOP_WORD(call, step)                                                                                \
    ((seL4_Word)(call) | (seL4_Word)0xc583 << 16 | (seL4_Word)(step) << 32 | 0x90f9eb0000000000)
enum {
    WITH_CALL = 0x050f,
    WITHOUT_CALL = 0x9066,
    UNDEFINED = 0x0b0f
};

static void word_write(seL4_Word at, seL4_Word word)
{
    *(volatile seL4_Word *)at = word;
}

static seL4_Word loop_rbp(void)
{
    seL4_UserContext registers;
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(subject.tcb, 0, 0, SUBJECT_REGISTERS, &registers));
    return registers.rbp;
}

/* After some time slices: does it go on by multiples of the step, and does it signal? */
static void loop_look(const char *what, seL4_CPtr notification, seL4_Word step)
{
    unsigned right = 0, signals = 0;
    seL4_Word badge;
    seL4_Yield();
    seL4_Poll(notification, &badge);
    for (unsigned i = 0; i < SAMPLES; i++) {
        seL4_Word before = loop_rbp();
        seL4_Yield();
        seL4_Word gone = (loop_rbp() - before) & 0xffffffff;
        right += gone && gone % step == 0;
        seL4_Poll(notification, &badge);
        signals += badge != 0;
    }
    SAY("%s, step %lu: right %u of %d, signalled %u\n", what, step, right, SAMPLES, signals);
}

static void test_loop(void)
{
    section("while a thread runs in it");
    seL4_CPtr notification = make(seL4_NotificationObject);
    seL4_CPtr frame = map(make(seL4_X86_4K), CODE, seL4_AllRights);
    seL4_CPtr alias = map(copy(frame), ALIAS, seL4_AllRights);
    seL4_CPtr other = map(make(seL4_X86_4K), THIRD, seL4_AllRights);
    word_write(CODE, LOOP_WORD(WITH_CALL, 3));
    word_write(THIRD, LOOP_WORD(WITH_CALL, 89));
    unmap(other);
    seL4_UserContext registers = code_registers(&subject, CODE);
    registers.rdx = (seL4_Word)seL4_SysSend;
    registers.rdi = mint(notification, seL4_AllRights, 0x60);
    registers.rsi = 0;
    subject_start(&subject, &registers);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_LOW));
    loop_look("as started", notification, 3);
    static const unsigned char steps[] = {5, 7, 11, 13, 17, 19};
    for (unsigned i = 0; i < sizeof(steps); i++) {
        step_write(i & 1 ? CODE : ALIAS, steps[i]);
        loop_look(i & 1 ? "overwritten here" : "overwritten there", notification, steps[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        word_write(i & 1 ? CODE : ALIAS, LOOP_WORD(i & 1 ? WITH_CALL : WITHOUT_CALL, 23 + 6 * (i & 1)));
        loop_look(i & 1 ? "with a call again" : "without a call", notification, 23 + 6 * (i & 1));
    }
    SAY("reads back: %d %d\n", *(seL4_Word *)CODE == LOOP_WORD(WITH_CALL, 29),
        *(seL4_Word *)ALIAS == LOOP_WORD(WITH_CALL, 29));

    unmap(frame);
    map(other, CODE, seL4_AllRights);
    loop_look("another frame in its place", notification, 89);
    unmap(other);
    seL4_Word stopped = (seL4_Yield(), loop_rbp());
    struct subject_fault fault = subject_wait(&subject, &registers);
    SAY("unmapped: fault %lx, status %lx, of a fetch: %d, where the loop is: %d, goes on: %d\n", fault.label,
        fault.code, fault.detail == fault.ip,
        fault.ip == CODE || fault.ip == CODE + 2 || fault.ip == CODE + 5, registers.rbp != stopped);
    map(frame, CODE, seL4_AllRights);
    subject_start(&subject, &registers);
    loop_look("mapped again", notification, 29);
    *(volatile unsigned short *)ALIAS = UNDEFINED;
    fault = subject_wait(&subject, &registers);
    SAY("ended:");
    subject_fault_print(&fault);
    SAY(", ip right: %d\n", fault.ip == CODE);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
    unmap(alias);
    unmap(frame);
}

int main(seL4_BootInfo *info)
{
    open(info);
    subject_make(&subject, "subject");
    test_aliases();
    test_rights();
    test_remap();
    test_vspaces();
    test_kernel_writes();
    test_reuse();
    test_large();
    test_loop();
    close();
    return 0;
}
