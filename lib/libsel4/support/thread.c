/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads in the caller's address space. */
#include "internal.h"

enum {
    STACK_PAGES = 4,
    FLAGS_RESERVED_BIT = 0x2
};

/* Where a thread starts: its IPC buffer first, since any call may need it. */
static void thread_main(void (*entry)(void *), void *argument, seL4_IPCBuffer *ipc_buffer, seL4_TCB tcb)
{
    seL4_SetIPCBuffer(ipc_buffer);
    entry(argument);
    sel4_util_stop(tcb);
}

/* Stack, and above it the thread-local storage. Returns the thread pointer, 0 when out of memory. */
static seL4_Word stack_make(struct sel4_util_thread *thread, struct sel4_util_allocator *allocator)
{
    size_t tls_size = sel4_util_tls_size();
    unsigned pages = STACK_PAGES + (unsigned)(tls_size >> seL4_PageBits) + 1;
    char *start = sel4_util_pages_alloc(allocator, pages);
    if (!start) {
        return 0;
    }
    char *end = start + pages * LIBSEL4_BIT(seL4_PageBits);
    thread->stack_top = (void *)((seL4_Word)(end - tls_size) & ~(seL4_Word)63);
    return sel4_util_tls_write(end - tls_size, tls_size);
}

static bool ipc_buffer_make(struct sel4_util_thread *thread, struct sel4_util_allocator *allocator)
{
    seL4_Word vaddr = allocator->vaddr_next;
    thread->ipc_frame = sel4_util_object_alloc(allocator, seL4_X86_4K, 0);
    if (!thread->ipc_frame || sel4_util_map(allocator, allocator->vspace, thread->ipc_frame, vaddr,
                                            seL4_ReadWrite) != seL4_NoError) {
        return false;
    }
    thread->ipc_buffer = (seL4_IPCBuffer *)vaddr;
    allocator->vaddr_next += LIBSEL4_BIT(seL4_PageBits);
    return true;
}

static seL4_Error registers_set(const struct sel4_util_thread *thread,
                                const struct sel4_util_thread_config *config, seL4_Word thread_pointer)
{
    seL4_UserContext registers = {
        .rip = (seL4_Word)thread_main,
        .rsp = (seL4_Word)thread->stack_top - sizeof(seL4_Word), /* as after a call */
        .rflags = FLAGS_RESERVED_BIT,
        .rdi = (seL4_Word)config->entry,
        .rsi = (seL4_Word)config->argument,
        .rdx = (seL4_Word)thread->ipc_buffer,
        .rcx = thread->tcb,
        .fs_base = thread_pointer,
    };
    return seL4_TCB_WriteRegisters(thread->tcb, 1, 0, sizeof(registers) / sizeof(seL4_Word), &registers);
}

seL4_Error sel4_util_thread_start(struct sel4_util_thread *thread, struct sel4_util_allocator *allocator,
                                  const struct sel4_util_thread_config *config)
{
    *thread = (struct sel4_util_thread){.tcb = sel4_util_object_alloc(allocator, seL4_TCBObject, 0)};
    seL4_Word thread_pointer = stack_make(thread, allocator);
    if (!thread->tcb || !thread_pointer || !ipc_buffer_make(thread, allocator)) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = sel4_util_tcb_configure(allocator, thread->tcb,
                                               &(struct sel4_util_tcb_spaces){
                                                   .fault_endpoint = config->fault_endpoint,
                                                   .cnode = allocator->cnode,
                                                   .vspace = allocator->vspace,
                                                   .ipc_buffer = (seL4_Word)thread->ipc_buffer,
                                                   .ipc_frame = thread->ipc_frame,
                                                   .priority = config->priority,
                                               });
    if (error != seL4_NoError) {
        return error;
    }
    sel4_util_tcb_name(thread->tcb, config->name);
    return registers_set(thread, config, thread_pointer);
}
