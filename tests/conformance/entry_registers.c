/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a system call leaves alone, at call sites of many shapes: registers, flags, the red zone and the stack
 * below, whatever rsp holds; rcx and r11 are the instruction's own.
 *
 * A shape is a few instructions around a `syscall`. Each is run several times with every kind of call: a
 * kernel that treats the first call of a site apart, or that changes code, must not show it. What follows the
 * call may use rbp, r14, r15 and, where told, the flags.
 */
#include "subject.h"

enum {
    REPEATS = 3,
    FILL = 0x5a,
    LONG = 40 /* words of a long message */
};

#define SHAPE(name, before, call, after)                                                                     \
    extern const char name[], name##_at[], name##_next[], name##_end[];                                      \
    asm(".balign 16\n.globl " #name ", " #name "_at, " #name "_next, " #name "_end\n" #name ":\n" before     \
        "\n" #name "_at: " call "\n" #name "_next: " after "\n" #name "_end:\n\tud2\n\tud2\n")

/* `next` is behind the last system call that is made. */
SHAPE(plain, "", "syscall", "");
SHAPE(stub, "movq %rsp, %r14", "syscall", "movq %r14, %rsp");
SHAPE(one_nop, "", "syscall", "nop");
SHAPE(three_nops, "", "syscall", "nop\nnop\nnop");
SHAPE(long_nop, "", "syscall", ".byte 0x0f, 0x1f, 0x80, 1, 2, 3, 4");
SHAPE(prefixed, "", ".byte 0x48\nsyscall", "movq %r14, %rbp");
SHAPE(constant, "", "syscall", "movabsq $0x1122334455667788, %r15");
SHAPE(load, "", "syscall", "movq shape_constant(%rip), %r15");
SHAPE(load_byte, "", "syscall", "movzbl shape_constant+1(%rip), %ebp\nmovq %rbp, %r15");
SHAPE(store, "", "syscall", "movq %r14, shape_cell(%rip)\nmovq shape_cell(%rip), %r15");
SHAPE(locked, "movq $6, shape_cell(%rip)", "syscall",
      "lock incq shape_cell(%rip)\nmovq shape_cell(%rip), %r15");
SHAPE(immediate, "", "syscall", "movq $0x77, shape_cell(%rip)\nmovq shape_cell(%rip), %r15");
SHAPE(address, "", "syscall", "leaq address_at(%rip), %r15");
SHAPE(through_fs, "", "syscall", "movq %fs:8, %r15");
SHAPE(through_gs, "", "syscall", "movq %gs:16, %r15");
SHAPE(vector, "movq %r14, %xmm3", "syscall", "movaps %xmm3, %xmm4\nmovq %xmm4, %r15");
SHAPE(set_flag, "", "syscall", "cmc\nsbbq %r15, %r15");
SHAPE(jump, "", "syscall", "jmp 1f\nud2\n1: movl $1, %ebp");
SHAPE(jump_far, "", "syscall", "jmp 1f\n.skip 300, 0xcc\n1: movl $1, %ebp");
SHAPE(jump_taken, "", "syscall", "jc 1f\nud2\n1: movl $1, %ebp");
SHAPE(jump_not_taken, "", "syscall", "jnc 1f\nmovl $1, %ebp\n1:");
SHAPE(jump_far_taken, "", "syscall", "js 1f\n.skip 300, 0xcc\n1: movl $1, %ebp");
SHAPE(jump_far_not_taken, "", "syscall", "jns 1f\nmovl $1, %ebp\njmp 1f\n.skip 300, 0xcc\n1:");
SHAPE(jump_second, "", "syscall", "nop\njc 1f\nud2\n1: movl $1, %ebp");
SHAPE(jump_on_rcx, "", "syscall", "jrcxz 1f\nmovl $1, %ebp\n1:");
SHAPE(jump_indirect, "leaq 1f(%rip), %rbp", "syscall", "jmp *%rbp\nud2\n1: movl $1, %ebp");
SHAPE(jump_memory, "leaq 1f(%rip), %r15\nmovq %r15, shape_cell(%rip)", "syscall",
      "jmp *shape_cell(%rip)\nud2\n1: movl $1, %ebp\nxorl %r15d, %r15d");
/* Those that make several calls. */
SHAPE(two_calls, "syscall", "syscall", "movl $2, %ebp");
SHAPE(four_calls, "syscall\nsyscall\nsyscall", "syscall", "");
SHAPE(loop_short, "movl $50, %ebp", "7: syscall", "decl %ebp\njnz 7b");
SHAPE(loop_entered, "movl $50, %ebp\njmp 8f", "7: syscall", "8: decl %ebp\njnz 7b");
SHAPE(loop_entered_late, "movl $50, %ebp\njmp 8f", "7: syscall", "decl %ebp\n8: testl %ebp, %ebp\njnz 7b");
SHAPE(call_between, "movl $3, %ebp\njmp 7f\n1: decl %ebp", "7: syscall", "testl %ebp, %ebp\njnz 1b");
SHAPE(many_sites, "xorl %r15d, %r15d\nleaq many_sites(%rip), %r14",
      ".rept 500\nsyscall\nsubq %r14, %rcx\naddq %rcx, %r15\n.endr\nsyscall", "xorl %r14d, %r14d");
/* Those that use the stack: on the real kernel it is not where it was. */
SHAPE(return_after, "movl $1, %ebp", "syscall", "ret");
SHAPE(call_after, "movl $1, %ebp", "syscall", "call 1f\n1:");
SHAPE(push_after, "movl $1, %ebp", "syscall", "pushq %rbp");
SHAPE(pop_after, "movl $1, %ebp", "syscall", "popq %r15");
/* For the sections of their own. */
SHAPE(any_stack, "movq %rsp, %r14\nmovq %r15, %rsp", "syscall", "movq %r14, %rsp");
SHAPE(any_flags, "movq %rsp, %r14\npushq %r15\npopfq", "syscall",
      "movq %r14, %rsp\npushfq\npopq %rbp\npushq $2\npopfq");
extern const char fresh_sites[];
asm(".balign 16\nfresh_sites:\n.rept 64\nsyscall\nnop\nnop\nnop\nud2\nnop\n.endr\n");

const seL4_Word shape_constant __attribute__((used)) = 0x8877665544332211;
seL4_Word shape_cell __attribute__((used));
static const seL4_Word area[] = {0xf0, 0xf1, 0xf2};

struct shape {
    const char *name, *start, *at, *next, *end;
};
#define ROW(name)                                                                                            \
    {                                                                                                        \
#name, name, name##_at, name##_next, name##_end                                                      \
    }

static const struct shape shapes[] = {
    ROW(stub),           ROW(one_nop),
    ROW(three_nops),     ROW(long_nop),
    ROW(prefixed),       ROW(constant),
    ROW(load),           ROW(load_byte),
    ROW(store),          ROW(locked),
    ROW(immediate),      ROW(address),
    ROW(through_fs),     ROW(through_gs),
    ROW(vector),         ROW(set_flag),
    ROW(jump),           ROW(jump_far),
    ROW(jump_taken),     ROW(jump_not_taken),
    ROW(jump_far_taken), ROW(jump_far_not_taken),
    ROW(jump_second),    ROW(jump_on_rcx),
    ROW(jump_indirect),  ROW(jump_memory),
};
static const struct shape repeating[] = {
    ROW(two_calls),         ROW(four_calls),   ROW(loop_short), ROW(loop_entered),
    ROW(loop_entered_late), ROW(call_between), ROW(many_sites),
};
static const struct shape stack_users[] = {ROW(return_after), ROW(call_after), ROW(push_after),
                                           ROW(pop_after)};

static const char *const names[SUBJECT_REGISTERS] = {"rip", "rsp", "rflags", "rax", "rbx", "rcx", "rdx",
                                                     "rsi", "rdi", "rbp",    "r8",  "r9",  "r10", "r11",
                                                     "r12", "r13", "r14",    "r15", "fs",  "gs"};

/* The partners of the calls. */
static seL4_CPtr called, called_late, called_long, sent, sent_late, received, go, signalled, notification,
    late, go_late;
static struct subject subject;

static void server(void *endpoint)
{
    seL4_Recv((seL4_CPtr)endpoint, NULL);
    for (;;) {
        for (int i = 0; i < 4; i++) {
            seL4_SetMR(i, 0x30 + (seL4_Word)i);
        }
        seL4_ReplyRecv((seL4_CPtr)endpoint, seL4_MessageInfo_new(5, 0, 0, 4), NULL);
    }
}

/* Beyond four words a message lies in the IPC buffers: what arrived is summed up, and as much answered. */
static void server_long(void *endpoint)
{
    seL4_Recv((seL4_CPtr)endpoint, NULL);
    for (;;) {
        seL4_Word sum = 0;
        for (int i = 4; i < LONG; i++) {
            sum = 3 * sum + seL4_GetMR(i);
        }
        for (int i = 0; i < LONG; i++) {
            seL4_SetMR(i, sum + (seL4_Word)i);
        }
        seL4_ReplyRecv((seL4_CPtr)endpoint, seL4_MessageInfo_new(6, 0, 0, LONG), NULL);
    }
}

static void receiver(void *endpoint)
{
    for (;;) {
        seL4_Recv((seL4_CPtr)endpoint, NULL);
    }
}

static void sender(void *badged)
{
    for (;;) {
        seL4_Wait(go, NULL);
        for (int i = 0; i < 4; i++) {
            seL4_SetMR(i, 0x20 + (seL4_Word)i);
        }
        seL4_Send((seL4_CPtr)badged, seL4_MessageInfo_new(3, 0, 0, 4));
    }
}

static void signaller(void *unused)
{
    (void)unused;
    for (;;) {
        seL4_Wait(go_late, NULL);
        seL4_Signal(late);
    }
}

static void partners_make(void)
{
    seL4_CPtr *endpoints[] = {&called, &called_late, &called_long, &sent, &sent_late, &received};
    for (unsigned i = 0; i < sizeof(endpoints) / sizeof(*endpoints); i++) {
        *endpoints[i] = make(seL4_EndpointObject);
    }
    go = make(seL4_NotificationObject);
    go_late = make(seL4_NotificationObject);
    notification = make(seL4_NotificationObject);
    signalled = mint(notification, seL4_AllRights, 0x60000);
    late = mint(make(seL4_NotificationObject), seL4_AllRights, 0x70000);
    spawn("server", server, (void *)called, PRIORITY_HIGH);
    spawn("receiver", receiver, (void *)sent, PRIORITY_HIGH);
    spawn("sender", sender, (void *)mint(received, seL4_AllRights, 0xb0000), PRIORITY_HIGH);
    spawn("long server", server_long, (void *)called_long, PRIORITY_HIGH);
    spawn("late server", server, (void *)called_late, PRIORITY_LOW - 1);
    spawn("late receiver", receiver, (void *)sent_late, PRIORITY_LOW - 1);
    spawn("late signaller", signaller, NULL, PRIORITY_LOW - 1);
}

struct kind {
    const char *name;
    seL4_Word number, label, length;
    const seL4_CPtr *cap;
    const seL4_CPtr *prepare; /* a notification to signal before */
};

static const seL4_CPtr none = NO_CAP, self = SELF;
static const struct kind kinds[] = {
    {"yield", (seL4_Word)seL4_SysYield, 1, 4, &none, NULL},
    {"nbsend, nobody waits", (seL4_Word)seL4_SysNBSend, 1, 4, &received, NULL},
    {"signal", (seL4_Word)seL4_SysSend, 1, 4, &signalled, NULL},
    {"nbsend nowhere", (seL4_Word)seL4_SysNBSend, 1, 4, &none, NULL},
    {"reply to nobody", (seL4_Word)seL4_SysReply, 1, 4, &none, NULL},
    {"send", (seL4_Word)seL4_SysSend, 1, 4, &sent, NULL},
    {"send, the receiver is late", (seL4_Word)seL4_SysSend, 1, 4, &sent_late, NULL},
    {"poll", (seL4_Word)seL4_SysNBRecv, 1, 4, &notification, &signalled},
    {"nbrecv, nobody there", (seL4_Word)seL4_SysNBRecv, 1, 4, &received, NULL},
    {"wait", (seL4_Word)seL4_SysRecv, 1, 4, &notification, &signalled},
    {"wait, the signal is late", (seL4_Word)seL4_SysRecv, 1, 4, &late, &go_late},
    {"recv", (seL4_Word)seL4_SysRecv, 1, 4, &received, &go},
    {"call", (seL4_Word)seL4_SysCall, 1, 4, &called, NULL},
    {"call, the server is late", (seL4_Word)seL4_SysCall, 1, 4, &called_late, NULL},
    {"long call", (seL4_Word)seL4_SysCall, 1, LONG, &called_long, NULL},
    {"call a TCB", (seL4_Word)seL4_SysCall, TCBResume, 0, &self, NULL},
    {"call a TCB, no such label", (seL4_Word)seL4_SysCall, 0xfff, 4, &self, NULL},
    {"identify", (seL4_Word)seL4_SysDebugCapIdentify, 1, 4, &self, NULL},
};
enum {
    KINDS = sizeof(kinds) / sizeof(*kinds),
    KINDS_REPEATABLE = 5 /* the first ones can be made any number of times */
};

static seL4_UserContext plain_after[KINDS];

static seL4_UserContext kind_registers(const struct kind *kind, seL4_Word rip)
{
    if (kind->prepare) {
        seL4_Signal(*kind->prepare);
    }
    seL4_UserContext registers = subject_registers(&subject, rip);
    registers.rdx = kind->number;
    registers.rdi = *kind->cap;
    registers.rsi = seL4_MessageInfo_new(kind->label, 0, 0, kind->length).words[0];
    registers.rflags = 0xad7; /* all status flags and not the direction */
    registers.fs_base = registers.gs_base = (seL4_Word)area;
    memset(subject.stack, FILL, SUBJECT_STACK);
    for (seL4_Word i = 4; i < LONG; i++) {
        subject.ipc_buffer->msg[i] = 0x40 + i;
    }
    return registers;
}

static bool stack_untouched(void)
{
    for (unsigned i = 0; i < SUBJECT_STACK; i++) {
        if (subject.stack[i] != FILL) {
            return false;
        }
    }
    return true;
}

/* The words in the IPC buffer: an answer's, or what was there. */
static bool message_right(unsigned kind, seL4_Word first)
{
    bool is_answer = kinds[kind].cap == &called_long;
    for (seL4_Word i = 4; i < LONG; i++) {
        if (subject.ipc_buffer->msg[i] != (is_answer ? first : 0x40) + i) {
            return false;
        }
    }
    return true;
}

/* Apart from rip, rsp, rflags, rcx, r11 and what shapes use. */
static bool kept_the_same(const seL4_UserContext *a, unsigned kind)
{
    const seL4_UserContext *b = &plain_after[kind];
    return message_right(kind, a->r10) && a->rax == b->rax && a->rbx == b->rbx && a->rdx == b->rdx &&
           a->rsi == b->rsi && a->rdi == b->rdi && a->r8 == b->r8 && a->r9 == b->r9 && a->r10 == b->r10 &&
           a->r12 == b->r12 && a->r13 == b->r13 && a->fs_base == b->fs_base && a->gs_base == b->gs_base;
}

static void test_plain(void)
{
    section("a plain site");
    for (unsigned k = 0; k < KINDS; k++) {
        for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
            const seL4_UserContext before = kind_registers(&kinds[k], (seL4_Word)plain);
            seL4_UserContext after = before;
            struct subject_fault fault = subject_run(&subject, &after);
            SAY("%s:", kinds[k].name);
            for (int i = 3; i < SUBJECT_REGISTERS; i++) {
                seL4_Word value = ((seL4_Word *)&after)[i];
                if (i != 5 && i != 13 && value != ((const seL4_Word *)&before)[i]) {
                    SAY(" %s %lx", names[i], value);
                }
            }
            SAY("; flags %lx, then", after.rflags & ~0x10000ul);
            subject_fault_print(&fault);
            SAY(" at the end: %d; rcx right: %d, r11 %lx, stack untouched: %d, message right: %d\n",
                fault.ip == (seL4_Word)plain_end, after.rcx == (seL4_Word)plain_next, after.r11,
                stack_untouched(), message_right(k, after.r10));
            plain_after[k] = after;
        }
    }
}

struct tally {
    unsigned runs, ends, kept, rcx, r11, stacks;
    seL4_Word rbp, r14, r15, flags; /* of the first run */
    unsigned steady;                /* how many other runs had the same */
};

static void tally_add(struct tally *tally, const struct shape *shape, unsigned kind, seL4_Word r15)
{
    seL4_UserContext registers = kind_registers(&kinds[kind], (seL4_Word)shape->start);
    registers.r15 = r15;
    seL4_Word flags = registers.rflags, stack = registers.rsp;
    struct subject_fault fault = subject_run(&subject, &registers);
    bool ended = fault.label == seL4_Fault_UserException && fault.detail == EXCEPTION_UNDEFINED &&
                 fault.ip == (seL4_Word)shape->end && registers.rip == fault.ip;
    tally->ends += ended;
    tally->kept += kept_the_same(&registers, kind);
    tally->rcx += registers.rcx == (seL4_Word)shape->next;
    tally->r11 +=
        (registers.r11 & ~0x8d5ul) == (flags & ~0x8d5ul); /* what is before the call may change the rest */
    tally->stacks += stack_untouched();
    seL4_Word r14 = registers.r14 == stack ? 0x57ac : registers.r14;
    seL4_Word r15_shown = registers.r15 == (seL4_Word)shape->at ? 0xadd7 : registers.r15;
    if (!tally->runs++) {
        tally->rbp = registers.rbp;
        tally->r14 = r14;
        tally->r15 = r15_shown;
        tally->flags = registers.rflags & 0xed5;
    } else {
        tally->steady += tally->rbp == registers.rbp && tally->r14 == r14 && tally->r15 == r15_shown;
    }
}

static void tally_show(const char *name, const struct tally *tally)
{
    SAY("%s: rbp %lx r14 %lx r15 %lx flags %lx; of %u runs: ends %u, kept %u, rcx %u, r11 %u, stack %u, same "
        "%u\n",
        name, tally->rbp, tally->r14, tally->r15, tally->flags, tally->runs, tally->ends, tally->kept,
        tally->rcx, tally->r11, tally->stacks, tally->steady);
}

static void shape_run(const struct shape *shape, unsigned kind_count)
{
    struct tally tally = {0};
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        for (unsigned k = 0; k < kind_count; k++) {
            tally_add(&tally, shape, k, 0xa11);
        }
    }
    tally_show(shape->name, &tally);
}

static void test_stack_users(void)
{
    section("followed by something that uses the stack");
    for (unsigned i = 0; i < sizeof(stack_users) / sizeof(*stack_users); i++) {
        const struct shape *shape = &stack_users[i];
        unsigned right = 0;
        for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
            seL4_UserContext registers = kind_registers(&kinds[0], (seL4_Word)shape->start);
            *(seL4_Word *)registers.rsp = (seL4_Word)shape->end;
            struct subject_fault fault = subject_run(&subject, &registers);
            /* With an rsp that is not the caller's the instruction itself faults. */
            bool done = fault.label == seL4_Fault_UserException && fault.ip == (seL4_Word)shape->end;
            bool lost = fault.label == seL4_Fault_VMFault && fault.ip == (seL4_Word)shape->next;
            right += (done || lost) && registers.rbp == 1 && registers.rcx == (seL4_Word)shape->next;
        }
        SAY("%s: right %u of %d\n", shape->name, right, REPEATS);
    }
}

static void test_any_stack(void)
{
    section("rsp during the call");
    static const struct shape shape = ROW(any_stack);
    static const seL4_Word stacks[] = {0,
                                       1,
                                       8,
                                       0x1234567,
                                       0x7ffffffffff8,
                                       0x7fffffffffff,
                                       0x800000000000,
                                       0xdead000000000000,
                                       0xffff800000000000,
                                       0xffffffff80000000,
                                       0xfffffffffffffff8,
                                       0xffffffffffffffff};
    for (unsigned i = 0; i < sizeof(stacks) / sizeof(*stacks); i++) {
        struct tally tally = {0};
        for (unsigned k = 0; k < KINDS; k++) {
            tally_add(&tally, &shape, k, stacks[i]);
        }
        tally_show(shape.name, &tally);
    }
}

static void test_any_flags(void)
{
    section("flags over the call");
    static const struct {
        const char *name;
        seL4_Word bits;
    } rows[] = {
        {"none", 0x2},
        {"carry", 0x3},
        {"parity", 0x6},
        {"adjust", 0x12},
        {"zero", 0x42},
        {"sign", 0x82},
        {"direction", 0x402},
        {"overflow", 0x802},
        {"all", 0xcd7},
        {"alignment", 0x40002},
        {"alignment, direction", 0x40402},
        {"identification", 0x200002},
        {"privilege", 0x3002},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        seL4_Word after = 0, r11 = 0;
        unsigned same = 0;
        for (unsigned k = 0; k < KINDS; k++) {
            seL4_UserContext registers = kind_registers(&kinds[k], (seL4_Word)any_flags);
            registers.r15 = rows[i].bits;
            struct subject_fault fault = subject_run(&subject, &registers);
            if (!k) {
                after = registers.rbp;
                r11 = registers.r11;
            }
            same += registers.rbp == after && registers.r11 == r11 && fault.ip == (seL4_Word)any_flags_end &&
                    kept_the_same(&registers, k);
        }
        SAY("%s: set %lx, after %lx, r11 %lx, the same with %u of %d kinds\n", rows[i].name, rows[i].bits,
            after, r11, same, KINDS);
    }
}

/* A host's own system calls would be told apart by rax, which a libsel4 stub leaves undefined. */
static void test_any_rax(void)
{
    section("rax over the first calls of a site");
    static const seL4_Word values[] = {-512ul,
                                       -513ul,
                                       -514ul,
                                       -515ul,
                                       -516ul,
                                       -517ul,
                                       -4095ul,
                                       -1ul,
                                       0,
                                       1,
                                       9,
                                       15,
                                       24,
                                       39,
                                       60,
                                       62,
                                       231,
                                       0x40000000,
                                       0x7fffffffffffffff,
                                       0x8000000000000000};
    for (unsigned i = 0; i < sizeof(values) / sizeof(*values); i++) {
        unsigned right = 0;
        seL4_Word site = (seL4_Word)fresh_sites + 8 * (2 * i);
        static const unsigned with[] = {0, 6}; /* yield; a send that blocks */
        for (unsigned n = 0; n < 6; n++) {
            seL4_UserContext registers = kind_registers(&kinds[with[n % 2]], site + 8 * (n % 2));
            registers.rax = values[i];
            struct subject_fault fault = subject_run(&subject, &registers);
            right += registers.rax == values[i] && fault.ip == site + 8 * (n % 2) + 5 &&
                     registers.rcx == site + 8 * (n % 2) + 2;
        }
        SAY("rax %ld: right %u of 6\n", (long)values[i], right);
    }
}

int main(seL4_BootInfo *info)
{
    open(info);
    partners_make();
    subject_make(&subject, "subject");
    test_plain();
    section("shapes");
    for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        shape_run(&shapes[i], KINDS);
    }
    section("shapes with several calls");
    for (unsigned i = 0; i < sizeof(repeating) / sizeof(*repeating); i++) {
        shape_run(&repeating[i], KINDS_REPEATABLE);
    }
    test_stack_users();
    test_any_stack();
    test_any_flags();
    test_any_rax();
    close();
    return 0;
}
