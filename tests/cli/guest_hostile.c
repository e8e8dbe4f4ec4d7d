/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that do what no honest program does, one after the other. Each ends in a fault message to its
 * handler, or goes on unharmed; what may not happen is that the run ends or hangs, or that the next thread notices.
 */
#include <sel4_util.h>

enum {
    WENT_ON = 99,
    HPET_PADDR = 0xfed00000, /* with less than 4 GiB of memory */
    HPET_VADDR = 0x30000000,
    FRESH_VADDR = 0x31000000,
    PRIORITY = 200
};

static struct sel4_util_allocator allocator;
static seL4_CPtr endpoint;

#define DO(name, ...)                                                                                        \
    static void name(void *argument)                                                                         \
    {                                                                                                        \
        (void)argument;                                                                                      \
        __asm__ volatile(__VA_ARGS__);                                                                       \
        __asm__ volatile("cld");                                                                             \
        seL4_Send(endpoint, seL4_MessageInfo_new(WENT_ON, 0, 0, 0));                                         \
    }

DO(jump_kernel, "mov $0xffffffff80000000, %%rax; jmp *%%rax" ::: "rax")
DO(jump_nowhere, "mov $0x8000000000001234, %%rax; jmp *%%rax" ::: "rax")
DO(jump_stub, "mov $0x6b1d3a5c8000, %%rax; jmp *%%rax" ::: "rax")
DO(write_stub, "mov $0x6b1d3a5c8000, %%rax; mov %%rax, (%%rax)" ::: "rax", "memory")
DO(smash_signal_stack, "mov $0x6b1d3a5c9000, %%rdi; mov $0x7000, %%ecx; mov $0x41, %%al; rep stosb; ud2" ::
       : "rax", "rcx", "rdi", "memory")
DO(no_stack, "xor %%esp, %%esp; push %%rax" ::: "memory")
DO(wrong_stack, "mov $0x8000000000000000, %%rsp; push %%rax" ::: "memory")
DO(wrong_stack_ud, "mov $0x8000000000000000, %%rsp; ud2" ::: "memory")
DO(stack_overflow, "1: push %%rax; jmp 1b" ::: "memory")
DO(int_80, "int $0x80" ::: "rax")
DO(int_4, "int $4")
DO(int_255, "int $255")
DO(icebp, ".byte 0xf1")
DO(halt, "hlt")
DO(rdpmc, "xor %%ecx, %%ecx; rdpmc" ::: "rax", "rcx", "rdx")
DO(trace, "pushfq; orl $0x100, (%%rsp); popfq; nop; nop" ::: "cc", "memory")
DO(trace_syscall, "pushfq; orl $0x100, (%%rsp); popfq; mov $-999, %%rdx; syscall" ::
       : "cc", "memory", "rcx", "rdx", "r11")
DO(align, "pushfq; orl $0x40000, (%%rsp); popfq; movl 1(%%rsp), %%eax" ::: "cc", "memory", "rax")
DO(backwards, "std")
DO(all_flags, "pushfq; movq $-1, (%%rsp); popfq; nop" ::: "cc", "memory")
DO(nested_task, "pushfq; orl $0x4000, (%%rsp); popfq; iretq" ::: "cc", "memory")
DO(fs_kernel, "mov $0xffff812345678000, %%rax; wrfsbase %%rax; mov %%fs:0, %%rax" ::: "rax")
DO(fs_wrong, "mov $0x8123456789abc, %%rax; wrfsbase %%rax" ::: "rax")
DO(code_32, "push $0x23; push $0x400000; lretq" ::: "memory")
DO(code_kernel, "push $8; push $0x400000; lretq" ::: "memory")
DO(restart, "mov $-516, %%rax; ud2" ::: "rax")
DO(device_edge, "mov (%0), %%rax" ::"r"(HPET_VADDR + 0xffcul) : "rax")
DO(device_fresh, "mov %0, %%rsi; mov %1, %%rdi; movsl" ::"r"(HPET_VADDR + 0ul), "r"(FRESH_VADDR + 0ul)
   : "rsi", "rdi", "memory")
DO(device_divide, "xor %%edx, %%edx; divl (%0)" ::"r"(HPET_VADDR + 0x20ul) : "rax", "rdx")
DO(device_push, "xor %%esp, %%esp; pushq (%0)" ::"r"(HPET_VADDR + 0ul) : "memory")

static const struct {
    const char *name;
    void (*run)(void *argument);
} tricks[] = {
#define TRICK(name)                                                                                          \
    {                                                                                                        \
#name, name                                                                                          \
    }
    TRICK(jump_kernel), TRICK(jump_nowhere),   TRICK(jump_stub),      TRICK(write_stub),
    TRICK(no_stack),    TRICK(wrong_stack),    TRICK(stack_overflow), TRICK(smash_signal_stack),
    TRICK(int_80),      TRICK(int_4),          TRICK(int_255),        TRICK(icebp),
    TRICK(halt),        TRICK(rdpmc),          TRICK(trace),          TRICK(trace_syscall),
    TRICK(align),       TRICK(backwards),      TRICK(all_flags),      TRICK(nested_task),
    TRICK(fs_kernel),   TRICK(fs_wrong),       TRICK(code_32),        TRICK(code_kernel),
    TRICK(restart),     TRICK(device_edge),    TRICK(device_fresh),   TRICK(device_divide),
    TRICK(device_push), TRICK(wrong_stack_ud),
};

static void devices_map(const seL4_BootInfo *info)
{
    seL4_CPtr frame = sel4_util_slot_alloc(&allocator);
    seL4_CPtr fresh = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
    for (seL4_Word i = 0; i < info->untyped.end - info->untyped.start; i++) {
        if (info->untypedList[i].isDevice && info->untypedList[i].paddr == HPET_PADDR) {
            SEL4_UTIL_CHECK(seL4_Untyped_Retype(info->untyped.start + i, seL4_X86_4K, 0,
                                                seL4_CapInitThreadCNode, 0, 0, frame, 1));
        }
    }
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, frame, HPET_VADDR, seL4_AllRights));
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, fresh, FRESH_VADDR, seL4_AllRights));
}

/* The handler hears: the fault's label, and for a user exception its number. */
static void trick_show(const char *name, seL4_Word label)
{
    const char *what = label == WENT_ON                     ? "went on"
                       : label == seL4_Fault_VMFault        ? "vm fault"
                       : label == seL4_Fault_UnknownSyscall ? "unknown syscall"
                                                            : "user exception";
    sel4_util_printf("%s: %s", name, what);
    if (label == seL4_Fault_UserException) {
        sel4_util_printf(" %lu", seL4_GetMR(seL4_UserException_Number));
    }
    sel4_util_puts("\n");
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    devices_map(info);
    for (unsigned i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
        const struct sel4_util_thread_config config = {
            .name = tricks[i].name, .entry = tricks[i].run, .priority = PRIORITY, .fault_endpoint = endpoint};
        struct sel4_util_thread thread;
        SEL4_UTIL_CHECK(sel4_util_thread_start(&thread, &allocator, &config));
        seL4_MessageInfo_t message = seL4_Recv(endpoint, NULL);
        trick_show(tricks[i].name, seL4_MessageInfo_get_label(message));
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(thread.tcb));
    }
    sel4_util_puts("all done\n");
    return 0;
}
