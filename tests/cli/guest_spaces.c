/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VSpaces that have different memory at one address: more of them than an engine keeps host processes for, called in
 * turn and back; and then one after the other whose paging structures and frames lie in memory used again.
 */
#include <sel4_util.h>

enum {
    SPACES = 140,
    ROUNDS = 4,
    REUSES = 200,
    REUSE_BITS = 17,
    REUSE_SLOTS = 32,
    PRIORITY = 200
};
/* At addresses that fit an instruction's 32 bits. */
#define CODE 0x10000000ul
#define DATA 0x10001000ul

static struct sel4_util_allocator allocator;
static seL4_CPtr code;
static unsigned wrong;

/* Answer each call with the number in DATA, which goes up. r12: the endpoint, r13: the later calls. */
extern const char worker[], worker_end[];
__asm__(".globl worker, worker_end\n"
        "worker:\n"
        "    movq %r12, %rdi\n"
        "    movl $1, %esi\n"
        "    syscall\n"
        "    incq 0x10001000\n"
        "    movq 0x10001000, %r10\n"
        "    movq %r13, %rdx\n"
        "    jmp worker\n"
        "worker_end:\n");

static void map(seL4_CPtr vspace, seL4_CPtr frame, seL4_Word vaddr, struct sel4_util_allocator *from)
{
    SEL4_UTIL_CHECK(sel4_util_map(from, vspace, frame, vaddr, seL4_AllRights));
}

/* Its thread waits when this returns: the endpoint that it answers at. */
static seL4_CPtr space_make(struct sel4_util_allocator *from, seL4_Word number)
{
    const seL4_CPtr cnode = seL4_CapInitThreadCNode;
    seL4_CPtr vspace = sel4_util_object_alloc(from, seL4_X64_PML4Object, 0);
    seL4_CPtr data = sel4_util_object_alloc(from, seL4_X86_4K, 0);
    seL4_CPtr twin = sel4_util_cap_mint(from, data, seL4_AllRights, 0);
    seL4_CPtr endpoint = sel4_util_object_alloc(from, seL4_EndpointObject, 0);
    seL4_TCB tcb = sel4_util_object_alloc(from, seL4_TCBObject, 0);
    SEL4_UTIL_CHECK(seL4_X86_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
    map(vspace, sel4_util_cap_mint(from, code, seL4_AllRights, 0), CODE, from);
    map(vspace, data, DATA, from);
    map(seL4_CapInitThreadVSpace, twin, DATA, &allocator);
    *(volatile seL4_Word *)DATA = number;
    SEL4_UTIL_CHECK(seL4_X86_Page_Unmap(twin));
    SEL4_UTIL_CHECK(seL4_TCB_Configure(tcb, seL4_CapNull, cnode, 0, vspace, 0, 0, seL4_CapNull));
    SEL4_UTIL_CHECK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, PRIORITY, PRIORITY));
    seL4_UserContext registers = {.rip = CODE,
                                  .rflags = 0x202,
                                  .rdx = (seL4_Word)seL4_SysRecv,
                                  .r12 = endpoint,
                                  .r13 = (seL4_Word)seL4_SysReplyRecv};
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers));
    return endpoint;
}

static void space_check(seL4_CPtr endpoint, const char *what, seL4_Word expected)
{
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    seL4_Word number = seL4_GetMR(0);
    if (number != expected && wrong++ < 5) {
        sel4_util_printf("%s: %lu, not %lu\n", what, number, expected);
    }
}

static void test_many(void)
{
    static seL4_CPtr spaces[SPACES];
    for (unsigned i = 0; i < SPACES; i++) {
        spaces[i] = space_make(&allocator, i * 1000);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < SPACES; i++) {
            unsigned which = round & 1 ? SPACES - 1 - i : i;
            space_check(spaces[which], "one of many", which * 1000 + round + 1);
        }
    }
}

static void test_reuse(void)
{
    struct sel4_util_allocator part;
    SEL4_UTIL_CHECK(sel4_util_allocator_carve(&part, &allocator, REUSE_BITS, REUSE_SLOTS));
    for (unsigned i = 0; i < REUSES; i++) {
        /* What was a table becomes a frame, and the other way round. */
        for (unsigned skipped = 0; skipped < i % 3; skipped++) {
            sel4_util_object_alloc(&part, seL4_X86_4K, 0);
        }
        space_check(space_make(&part, i * 1000), "used again", i * 1000 + 1);
        SEL4_UTIL_CHECK(sel4_util_allocator_reset(&part));
    }
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    code = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    seL4_CPtr twin = sel4_util_cap_mint(&allocator, code, seL4_AllRights, 0);
    map(seL4_CapInitThreadVSpace, twin, CODE, &allocator);
    memcpy((void *)CODE, worker, (size_t)(worker_end - worker));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY - 1));
    test_many();
    test_reuse();
    sel4_util_printf("%u wrong\n", wrong);
    return 0;
}
