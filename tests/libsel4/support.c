/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root task that uses every helper of lib/libsel4/support and says what came out.
 * What it prints is the same on every kernel and engine; the last line is "done".
 */
#include <sel4_util.h>

SEL4_UTIL_EMBEDDED(child);

enum {
    PRIORITY = 100,
    CHILD_BADGE = 77,
    CHILD_BITS = 20,
    CHILD_SLOTS = 100
};

static struct sel4_util_allocator allocator;
static __thread int counter = 5; /* each thread has its own */
static seL4_CPtr endpoint;

#ifdef CONFIG_KERNEL_MCS
static seL4_CPtr reply;
#define RECV(from, badge) seL4_Recv(from, badge, reply)
#define REPLY(info)       seL4_Send(reply, info)
#else
#define RECV(from, badge) seL4_Recv(from, badge)
#define REPLY(info)       seL4_Reply(info)
#endif

static void test_printing(void)
{
    char text[16];
    sel4_util_printf("[%d] [%5d] [%-5d] [%05d] [%x] [%lX]\n", -7, 42, 42, -42, 0xbeefu, 0xfeedfacecafeul);
    sel4_util_printf("[%s] [%8s] [%-8s] [%.2s] [%c] [%%] [%p]\n", "one", "two", "three", "four", '5',
                     (void *)0x10);
    int length = sel4_util_snprintf(text, sizeof(text), "%s", "more than fits into it");
    sel4_util_printf("%d characters, of which: %s\n", length, text);
}

static void test_memory(void)
{
    char text[] = "abcdefgh";
    memmove(text + 2, text, 4);
    sel4_util_printf("%s %d %d\n", text, memcmp("a", "b", 1) < 0, strncmp("same", "sale", 2));
}

static void test_mapping(void)
{
    char *pages = sel4_util_pages_alloc(&allocator, 3);
    memset(pages, 'x', 3 << seL4_PageBits);
    sel4_util_printf("mapped three pages: %c\n", pages[(3 << seL4_PageBits) - 1]);
    seL4_CPtr frame = sel4_util_object_alloc(&allocator, seL4_X86_LargePageObject, 0);
    SEL4_UTIL_CHECK(
        sel4_util_map(&allocator, seL4_CapInitThreadVSpace, frame, 0x7f0040000000, seL4_ReadWrite));
    *(volatile seL4_Word *)0x7f0040000008 = 99;
    seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(frame);
    sel4_util_printf("large page: %lu, error %d, aligned %d\n", *(volatile seL4_Word *)0x7f0040000008,
                     address.error, (address.paddr & (LIBSEL4_BIT(seL4_LargePageBits) - 1)) == 0);
}

static void echo_thread(void *argument)
{
    counter++;
    seL4_SetMR(0, (seL4_Word)counter);
    seL4_SetMR(1, (seL4_Word)argument);
    for (int i = 2; i < 20; i++) {
        seL4_SetMR(i, (seL4_Word)i * 3);
    }
    seL4_MessageInfo_t info = seL4_Call(endpoint, seL4_MessageInfo_new(9, 0, 0, 20));
    seL4_SetMR(0, seL4_MessageInfo_get_label(info) + seL4_GetMR(5));
    seL4_Send(endpoint, seL4_MessageInfo_new(10, 0, 0, 1));
}

static void test_thread(void)
{
    struct sel4_util_thread thread;
    SEL4_UTIL_CHECK(sel4_util_thread_start(
        &thread, &allocator,
        &(struct sel4_util_thread_config){
            .name = "echo", .entry = echo_thread, .argument = (void *)0x1234, .priority = PRIORITY}));
    seL4_Word badge = 1;
    seL4_MessageInfo_t info = RECV(endpoint, &badge);
    sel4_util_printf("thread called: label %lu, %lu words: %lu %lx ... %lu, badge %lu; counter here %d\n",
                     seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info), seL4_GetMR(0),
                     seL4_GetMR(1), seL4_GetMR(19), badge, counter);
    seL4_SetMR(5, 1000);
    REPLY(seL4_MessageInfo_new(4, 0, 0, 6));
    info = RECV(endpoint, NULL);
    sel4_util_printf("thread sent: label %lu, word %lu\n", seL4_MessageInfo_get_label(info), seL4_GetMR(0));
}

static void test_registers(void)
{
    seL4_TCB tcb = sel4_util_object_alloc(&allocator, seL4_TCBObject, 0);
    seL4_UserContext in = {
        .rip = 1, .rsp = 2, .rax = 4, .rbx = 5, .r15 = 16, .fs_base = 0x5000, .gs_base = 0x6000};
    seL4_UserContext out;
    memset(&out, 0xee, sizeof(out));
    SEL4_UTIL_CHECK(seL4_TCB_WriteRegisters(tcb, 0, 0, 20, &in));
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, 20, &out));
    sel4_util_printf("registers: %lx %lx %lx %lx %lx %lx %lx\n", out.rip, out.rsp, out.rax, out.rbx, out.r15,
                     out.fs_base, out.gs_base);
    memset(&out, 0, sizeof(out));
    SEL4_UTIL_CHECK(seL4_TCB_ReadRegisters(tcb, 0, 0, 5, &out));
    sel4_util_printf("five of them: %lx %lx %lx\n", out.rax, out.rbx, out.r15);
}

static void test_errors(void)
{
    seL4_Error error = seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, 5000);
    sel4_util_printf("%s: words %lu %lu\n", sel4_util_error_name(error), seL4_GetMR(0), seL4_GetMR(1));
    sel4_util_printf("%s\n",
                     sel4_util_error_name((seL4_Word)seL4_X86_Page_GetAddress(seL4_CapInitThreadTCB).error));
}

/* The child talks, then crashes; each life ends with its memory taken back. */
static void test_component(void)
{
    struct sel4_util_allocator memory;
    SEL4_UTIL_CHECK(sel4_util_allocator_carve(&memory, &allocator, CHILD_BITS, CHILD_SLOTS));
    for (seL4_Word life = 1; life <= 3; life++) {
        struct sel4_util_component component;
        SEL4_UTIL_CHECK(sel4_util_allocator_reset(&memory));
        seL4_CPtr fault_endpoint = endpoint;
#ifndef CONFIG_KERNEL_MCS
        fault_endpoint = SEL4_UTIL_COMPONENT_SLOT_FREE; /* looked up in the component's own CNode */
#endif
        SEL4_UTIL_CHECK(sel4_util_component_load(
            &component, &memory,
            &(struct sel4_util_component_config){.name = "child",
                                                 .image = child_start,
                                                 .image_size = SEL4_UTIL_EMBEDDED_SIZE(child),
                                                 .priority = PRIORITY,
                                                 .fault_endpoint = fault_endpoint}));
        SEL4_UTIL_CHECK(sel4_util_component_give(&component, SEL4_UTIL_COMPONENT_SLOT_FREE, endpoint,
                                                 seL4_AllRights, CHILD_BADGE));
        SEL4_UTIL_CHECK(sel4_util_component_start(&component, SEL4_UTIL_COMPONENT_SLOT_FREE, life, 0, 0));
        seL4_Word badge = 0;
        RECV(endpoint, &badge);
        sel4_util_printf("child %lu says %lu, badge %lu\n", life, seL4_GetMR(0), badge);
        REPLY(seL4_MessageInfo_new(0, 0, 0, 0));
        seL4_Fault_t fault = seL4_getFault(RECV(endpoint, NULL));
        sel4_util_printf("child %lu faults: kind is VM %d, address %lx\n", life,
                         seL4_Fault_get_seL4_FaultType(fault) == seL4_Fault_VMFault,
                         seL4_Fault_VMFault_get_Addr(fault));
    }
    SEL4_UTIL_CHECK(sel4_util_allocator_reset(&memory));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    endpoint = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
#ifdef CONFIG_KERNEL_MCS
    reply = sel4_util_object_alloc(&allocator, seL4_ReplyObject, 0);
#endif
    test_printing();
    test_memory();
    test_mapping();
    test_registers();
    test_thread();
    test_errors();
    test_component();
    sel4_util_printf("done\n");
    return 0;
}
