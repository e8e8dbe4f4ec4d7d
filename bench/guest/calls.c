/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks of one thread and the kernel: no other thread runs, no mapping changes.
 */
#include "guest.h"

enum {
    COUNT = 100,
    UNTYPED_BITS = 12,
    REGISTERS = sizeof(seL4_UserContext) / sizeof(seL4_Word)
};

static seL4_CPtr slot; /* empty between operations */
static seL4_CPtr object;

static void slot_prepare(void)
{
    slot = sel4_util_slot_alloc(&guest_allocator);
}

static void null_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_CNode_Delete(guest_allocator.cnode, slot, seL4_WordBits);
    }
}

const struct benchmark benchmark_null_invocation = {"null_invocation", slot_prepare, null_repeat, NULL,
                                                    COUNT};
/*
 * A system call whose instruction no engine can replace by a jump: the two bytes behind it are a jump themselves,
 * the next ones are reached from below, and the instruction is reached from above, so that it cannot be moved
 * together with those before it either.
 */
static seL4_Word call_stubborn(seL4_CPtr dest, seL4_MessageInfo_t message, seL4_Word mr0, seL4_Word mr1)
{
    seL4_Word info = message.words[0];
    register seL4_Word word0 asm("r10") = mr0;
    register seL4_Word word1 asm("r8") = mr1;
    asm volatile("movq %%rsp, %%rbx\n\t"
                 "jmp 1f\n"
                 "1:\n\t"
                 "syscall\n\t"
                 "jmp 3f\n"
                 "2:\n\t"
                 "jmp 4f\n"
                 "3:\n\t"
                 "jmp 2b\n"
                 "4:\n\t"
                 "movq %%rbx, %%rsp"
                 : "+D"(dest), "+S"(info), "+r"(word0), "+r"(word1)
                 : "d"((seL4_Word)seL4_SysCall)
                 : "rbx", "rcx", "r9", "r11", "r15", "memory");
    return seL4_MessageInfo_get_label((seL4_MessageInfo_t){{info}});
}

static void null_trapped_repeat(unsigned count)
{
    const seL4_MessageInfo_t message = seL4_MessageInfo_new(CNodeDelete, 0, 0, 2);
    for (unsigned i = 0; i < count; i++) {
        SEL4_UTIL_CHECK(call_stubborn(guest_allocator.cnode, message, slot, seL4_WordBits));
    }
}

const struct benchmark benchmark_null_invocation_trapped = {"null_invocation_trapped", slot_prepare,
                                                            null_trapped_repeat, NULL, COUNT};

static void yield_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Yield();
    }
}

const struct benchmark benchmark_yield_alone = {"yield_alone", NULL, yield_repeat, NULL, COUNT};

static struct sel4_util_thread yielder;

static void yielder_main(void *argument)
{
    (void)argument;
    for (;;) {
        seL4_Yield();
    }
}

static void yield_two_prepare(void)
{
    guest_thread_start(&yielder, "yielder", yielder_main);
}

static void yield_two_finish(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(yielder.tcb));
}

const struct benchmark benchmark_yield_two = {"yield_two", yield_two_prepare, yield_repeat, yield_two_finish,
                                              COUNT};

static void signal_poll_prepare(void)
{
    object = sel4_util_object_alloc(&guest_allocator, seL4_NotificationObject, 0);
}

static void signal_poll_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_Signal(object);
        seL4_Poll(object, NULL);
    }
}

const struct benchmark benchmark_signal_poll = {"signal_poll", signal_poll_prepare, signal_poll_repeat, NULL,
                                                COUNT};

static void read_registers_prepare(void)
{
    object = sel4_util_object_alloc(&guest_allocator, seL4_TCBObject, 0);
}

static void read_registers_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        seL4_UserContext registers;
        SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(object, 0, 0, REGISTERS, &registers));
    }
}

const struct benchmark benchmark_read_registers = {"read_registers", read_registers_prepare,
                                                   read_registers_repeat, NULL, COUNT};

static void retype_delete_prepare(void)
{
    slot_prepare();
    object = sel4_util_object_alloc(&guest_allocator, seL4_UntypedObject, UNTYPED_BITS);
}

static void retype_delete_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        SEL4_UTIL_CHECK(
            seL4_Untyped_Retype(object, seL4_EndpointObject, 0, guest_allocator.cnode, 0, 0, slot, 1));
        SEL4_UTIL_CHECK(seL4_CNode_Delete(guest_allocator.cnode, slot, seL4_WordBits));
    }
}

const struct benchmark benchmark_retype_delete = {"retype_delete", retype_delete_prepare,
                                                  retype_delete_repeat, NULL, COUNT};

static void copy_delete_prepare(void)
{
    slot_prepare();
    object = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
}

static void copy_delete_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        SEL4_UTIL_CHECK(seL4_CNode_Copy(guest_allocator.cnode, slot, seL4_WordBits, guest_allocator.cnode,
                                        object, seL4_WordBits, seL4_AllRights));
        SEL4_UTIL_CHECK(seL4_CNode_Delete(guest_allocator.cnode, slot, seL4_WordBits));
    }
}

const struct benchmark benchmark_copy_delete = {"copy_delete", copy_delete_prepare, copy_delete_repeat, NULL,
                                                COUNT};
