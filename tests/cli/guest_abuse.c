/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that knows where Selkie's memory is and means harm (guest_abuse.h). It does a little of what it was told to,
 * then makes kernel calls of several kinds so that somebody stumbles over the result, and so on for a while.
 */
#include <sel4_util.h>

#include "guest_abuse.h"

SEL4_UTIL_EMBEDDED(image_other);

enum {
    ROUNDS = 40,
    PAGE = 4096,
    HEAP_SIZE = 0x800000, /* from the arena's start on: kernel state, and what boot and we made */
    IMAGE_SIZE = 0x10000, /* of the pad: a little more than it has */
    MAPPINGS = 70000,
    MAPPINGS_VADDR = 0x100000000,
    VSPACES = 140,
    OTHER_BITS = 19,
    OTHER_SLOTS = 100
};

volatile struct abuse_orders orders = {.mark = {'s', 'e', 'l', 'k', 'i', 'e', '-', 'a', 'b', 'u', 's', 'e', '-', 'm', 'e', '!'}};

static struct sel4_util_allocator allocator;
static seL4_CPtr endpoint, notification, ports, slot;
static unsigned long state;

static unsigned long any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1d;
}

/* Values that hurt most are near those that are right. */
static unsigned long any_word(void)
{
    switch (any() % 6) {
    case 0:
        return any() % 4;
    case 1:
        return ~(any() % 2);
    case 2:
        return any() % orders.memory_size & -16ul;
    case 3:
        return orders.base + any() % (abuse_arena + orders.memory_size);
    case 4:
        return 1ul << any() % 64;
    default:
        return any();
    }
}

static void words_write(unsigned long start, unsigned long size, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        *(volatile unsigned long *)(start + any() % (size / 8) * 8) = any_word();
}

static void words_read(unsigned long start, unsigned long size)
{
    for (unsigned i = 0; i < 200; i++)
        (void)*(const volatile unsigned long *)(start + any() % (size / 8) * 8);
}

static void jump(unsigned long target, unsigned long flags)
{
    unsigned long r[6];
    for (unsigned i = 0; i < 6; i++)
        r[i] = any_word();
    unsigned long number = any() % 4 ? any() % 470 : any_word();
    __asm__ volatile("mov %[r], %%r15\n mov 0(%%r15), %%rdi\n mov 8(%%r15), %%rsi\n mov 16(%%r15), %%rdx\n"
                     "mov 24(%%r15), %%r10\n mov 32(%%r15), %%r8\n mov 40(%%r15), %%r9\n"
                     "push %[f]\n popfq\n jmp *%[t]" ::[r] "r"(r),
                     [t] "b"(target), [f] "c"(flags), "a"(number)
                     : "memory", "rdi", "rsi", "rdx", "r8", "r9", "r10", "r15");
}

static unsigned long syscall_find(void)
{
    const unsigned char *image = (const unsigned char *)orders.base;
    unsigned long start = any() % IMAGE_SIZE;
    for (unsigned long i = 0; i < IMAGE_SIZE; i++) {
        unsigned long at = (start + i) % IMAGE_SIZE;
        if (image[at] == 0x0f && image[at + 1] == 0x05)
            return orders.base + at;
    }
    return orders.base;
}

static void stack_leave(void)
{
    unsigned long at = orders.base + (any() % 2 ? any() % (2 * abuse_private) : any() % (abuse_arena + HEAP_SIZE));
    if (any() % 2)
        __asm__ volatile("mov %0, %%rsp; ud2" ::"r"(at) : "memory");
    __asm__ volatile("mov %0, %%rsp; mov %1, %%rdx; syscall; push %%rax; call 1f; 1: jmp 1b" ::"r"(at),
                     "r"(~(any() % 14))
                     : "memory", "rdx", "rcx", "r11");
}

static void own_stack_write(void)
{
    unsigned long here = (unsigned long)__builtin_frame_address(0) & -8ul;
    for (unsigned i = 0; i < 512; i++)
        *(volatile unsigned long *)(here - 512 + i * 8) = any_word();
}

static void attack(unsigned long kind)
{
    const unsigned long base = orders.base, arena = base + abuse_arena;
    switch (kind) {
    case ABUSE_WRITE_CORE:
        words_write(base + abuse_core, abuse_core_size, 8);
        words_write(base + abuse_core, 1024, 1);
        break;
    case ABUSE_WRITE_PRIVATE:
        words_write(base + abuse_private, abuse_private_size, 16);
        words_write(base + abuse_private, 256, 1);
        break;
    case ABUSE_WRITE_KERNEL:
        words_write(arena + 0x100000, HEAP_SIZE, 64);
        words_write(arena + 0x100000, 0x1000, 1);
        break;
    case ABUSE_WRITE_ANYWHERE:
        words_write(base + abuse_core, abuse_private, 32);
        words_write(arena, 3 * orders.memory_size, 256);
        break;
    case ABUSE_WRITE_REQUEST:
        words_write(base + abuse_request, 64, 2);
        words_write(base + abuse_slots, 4096, 4);
        words_write(base + abuse_console, 8, 1);
        break;
    case ABUSE_WRITE_CODE:
        words_write(base, abuse_core, 1);
        break;
    case ABUSE_JUMP:
        jump(base + any() % IMAGE_SIZE, 0x202);
        break;
    case ABUSE_JUMP_SYSCALL:
        jump(syscall_find(), 0x202);
        break;
    case ABUSE_JUMP_TRACED:
        jump(any() % 2 ? syscall_find() : base + any() % IMAGE_SIZE, 0x302);
        break;
    case ABUSE_READ:
        words_read(base, 2 * abuse_private);
        words_read(arena, 3 * orders.memory_size);
        break;
    case ABUSE_STACK:
        stack_leave();
        break;
    default:
        own_stack_write();
        break;
    }
}

static void calls_make(void)
{
    seL4_SetMR(0, 7);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
    seL4_Signal(notification);
    seL4_Poll(notification, NULL);
    seL4_Yield();
    if (ports)
        seL4_X86_IOPort_Out8(ports, 0x80, 1);
    seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, notification, seL4_WordBits,
                    seL4_AllRights);
    seL4_CNode_Revoke(seL4_CapInitThreadCNode, notification, seL4_WordBits);
    if (any() % 8 == 0)
        sel4_util_puts(".");
}

/* Whatever happens in between, the word stays. */
static void word_keep(unsigned long offset, unsigned int word)
{
    for (;;)
        *(volatile unsigned int *)(orders.base + offset) = word;
}

static void spin(void)
{
    for (;;)
        __asm__ volatile("pause");
}

static void spin_for(unsigned long loops)
{
    for (volatile unsigned long i = 0; i < loops; i++)
        __asm__ volatile("");
}

static seL4_CPtr other_start(void)
{
    static struct sel4_util_component component;
    const struct sel4_util_component_config config = {
        .name = "other", .image = image_other_start, .image_size = SEL4_UTIL_EMBEDDED_SIZE(image_other), .priority = 255};
    seL4_CPtr at = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    SEL4_UTIL_CHECK(sel4_util_component_load(&component, &allocator, &config));
    SEL4_UTIL_CHECK(sel4_util_component_give(&component, SEL4_UTIL_COMPONENT_SLOT_FREE, at, seL4_AllRights, 0));
    SEL4_UTIL_CHECK(sel4_util_component_start(&component, SEL4_UTIL_COMPONENT_SLOT_FREE, 0, 0, 0));
    return at;
}

static void fault(void *argument)
{
    (void)argument;
    for (;;)
        __asm__ volatile("ud2");
}

static void faults_spin(void)
{
    seL4_CPtr faults = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    const struct sel4_util_thread_config config = {.name = "fault", .entry = fault, .priority = 254, .fault_endpoint = faults};
    struct sel4_util_thread thread;
    SEL4_UTIL_CHECK(sel4_util_thread_start(&thread, &allocator, &config));
    for (;;) {
        seL4_Recv(faults, NULL);
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    }
}

/* One frame after the other at every second page, and all of them once more. */
static void mappings_make(void)
{
    seL4_CPtr frame = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    unsigned long sum = 0;
    for (unsigned long i = 0; i < MAPPINGS; i++) {
        unsigned long vaddr = MAPPINGS_VADDR + i * 2 * PAGE;
        seL4_CPtr copy = sel4_util_slot_alloc(&allocator);
        SEL4_UTIL_CHECK(seL4_CNode_Copy(seL4_CapInitThreadCNode, copy, seL4_WordBits, seL4_CapInitThreadCNode, frame,
                                        seL4_WordBits, seL4_AllRights));
        SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, copy, vaddr, seL4_AllRights));
        *(volatile unsigned long *)vaddr += 1;
    }
    for (unsigned long i = 0; i < MAPPINGS; i += 1000)
        sum += *(volatile unsigned long *)(MAPPINGS_VADDR + i * 2 * PAGE);
    sel4_util_printf("%s\n", sum == (unsigned long)MAPPINGS / 1000 * MAPPINGS ? "all mapped" : "wrong sums");
}

static void vspaces_make(void)
{
    static seL4_CPtr others[VSPACES];
    unsigned long sum = 0;
    for (unsigned i = 0; i < VSPACES; i++)
        others[i] = other_start();
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < VSPACES; i++) {
            seL4_SetMR(0, i);
            seL4_Call(others[i], seL4_MessageInfo_new(0, 0, 0, 1));
            sum += seL4_GetMR(0);
        }
    }
    sel4_util_printf("sum %lu\n", sum);
}

static void act(void)
{
    const unsigned long base = orders.base;
    switch (orders.kind) {
    case ABUSE_NEVER_RETURN:
        word_keep(abuse_is_inside, 1);
        break;
    case ABUSE_LOSE_BATON:
        word_keep(abuse_holder, 77);
        break;
    case ABUSE_FREE_MEMORY:
        *(volatile unsigned long *)(base + abuse_arena + 0x100000 + 16) = 0x100000; /* the initial CNode's address */
        spin();
        break;
    case ABUSE_PING_PONG:
        for (;;)
            seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
    case ABUSE_SPIN_CALLS:
        for (;;)
            seL4_Signal(notification);
    case ABUSE_SPIN_FAULTS:
        faults_spin();
        break;
    case ABUSE_MAPPINGS:
        mappings_make();
        break;
    case ABUSE_VSPACES:
        vspaces_make();
        break;
    case ABUSE_CONSOLE:
        for (unsigned i = 0; i < 20000; i++)
            sel4_util_puts("0123456789abcdefghijklmnopqrstuvwxyz 0123456789\n");
        break;
    default:
        for (unsigned i = 0; i < ROUNDS; i++) {
            attack(orders.kind);
            calls_make();
            if (any() % 4 == 0)
                spin_for(1000000);
        }
        break;
    }
}

int main(seL4_BootInfo *info)
{
    state = orders.seed * 2 + 1;
    sel4_util_allocator_init(&allocator, info);
    notification = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    endpoint = other_start();
    slot = sel4_util_slot_alloc(&allocator);
    ports = sel4_util_slot_alloc(&allocator);
    SEL4_UTIL_CHECK(seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x80, 0x80, seL4_CapInitThreadCNode, ports,
                                                 seL4_WordBits));
    sel4_util_puts("begin\n");
    act();
    sel4_util_puts("end\n");
    return 0;
}
