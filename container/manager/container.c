/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a container: CSpace, VSpace, its memory as untyped capabilities of exactly the ordered size, the
 * personality with stack, IPC buffer and order. The personality's own pages are the manager's expense.
 */
#include "internal.h"
#include "manager.h"

enum {
    PAGE = 1 << seL4_PageBits,
    FLAGS_START = 0x2
};

extern seL4_Word selkie_entry; /* of libsel4; a jump to the kernel does in a container what it does here */

static const seL4_Word PROGRAM_VADDR = 0x7d0180000000;

/* Into leaf 0. A badge that the capability has stays. */
static seL4_Error give(const struct container *container, seL4_Word slot, seL4_CPtr cap, seL4_Word data)
{
    seL4_CNode from = container->allocator->cnode;
    return (seL4_Error)(data ? seL4_CNode_Mint(container->leaf, slot, CONTAINER_LEAF_BITS, from, cap,
                                               seL4_WordBits, seL4_AllRights, data)
                             : seL4_CNode_Copy(container->leaf, slot, CONTAINER_LEAF_BITS, from, cap,
                                               seL4_WordBits, seL4_AllRights));
}

static seL4_Word root_data(void)
{
    return seL4_CNode_CapData_new(0, CONTAINER_GUARD_BITS).words[0];
}

/* Address spaces are the container's to make, as many as one pool has identifiers for. */
static seL4_Error asid_pool_make(struct container *container)
{
    struct sel4_util_allocator *allocator = container->allocator;
    seL4_CPtr untyped = sel4_util_object_alloc(allocator, seL4_UntypedObject, seL4_ASIDPoolBits);
    container->asid_pool = sel4_util_slot_alloc(allocator);
    if (!untyped || !container->asid_pool) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = (seL4_Error)seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, untyped, allocator->cnode,
                                                                 container->asid_pool, seL4_WordBits);
    if (error == seL4_DeleteFirst) { /* there are eight; containers after these share the first */
        error = (seL4_Error)seL4_CNode_Copy(allocator->cnode, container->asid_pool, seL4_WordBits,
                                            allocator->cnode, allocator->asid_pool, seL4_WordBits,
                                            seL4_AllRights);
    }
    return error;
}

static seL4_Error objects_make(struct container *container)
{
    struct sel4_util_allocator *allocator = container->allocator;
    container->tcb = sel4_util_object_alloc(allocator, seL4_TCBObject, 0);
    container->root = sel4_util_object_alloc(allocator, seL4_CapTableObject, CONTAINER_ROOT_BITS);
    container->leaf = sel4_util_object_alloc(allocator, seL4_CapTableObject, CONTAINER_LEAF_BITS);
    container->vspace = sel4_util_object_alloc(allocator, seL4_X64_PML4Object, 0);
    if (!container->tcb || !container->root || !container->leaf || !container->vspace) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error = seL4_X86_ASIDPool_Assign(allocator->asid_pool, container->vspace);
    if (error == seL4_NoError) {
        error = (seL4_Error)seL4_CNode_Copy(container->root, 0, CONTAINER_ROOT_BITS, allocator->cnode,
                                            container->leaf, seL4_WordBits, seL4_AllRights);
    }
    return error ? error : asid_pool_make(container);
}

static seL4_Error capabilities_give(const struct container *container)
{
    seL4_Error error = give(container, CONTAINER_SLOT_TCB, container->tcb, 0);
    error = error ? error : give(container, CONTAINER_SLOT_CNODE, container->root, root_data());
    error = error ? error : give(container, CONTAINER_SLOT_VSPACE, container->vspace, 0);
    error = error ? error : give(container, CONTAINER_SLOT_CONTROL, container->control, 0);
    return error ? error : give(container, CONTAINER_SLOT_ASID_POOL, container->asid_pool, 0);
}

/* The memory limit in untypeds, largest first; where no piece of a size is left, two of half of it. */
static seL4_Error memory_give(const struct container *container, struct sel4_util_allocator *quota,
                              seL4_Word memory, struct container_order *order)
{
    unsigned bits = seL4_WordBits - 1;
    order->untyped_count = 0;
    order->entry = selkie_entry;
    while (memory > 0) {
        while ((1ul << bits) > memory) {
            bits--;
        }
        seL4_CPtr untyped = bits < seL4_PageBits || order->untyped_count == CONTAINER_UNTYPEDS
                                ? seL4_CapNull
                                : sel4_util_object_alloc(quota, seL4_UntypedObject, bits);
        if (!untyped) {
            if (bits <= seL4_PageBits || order->untyped_count == CONTAINER_UNTYPEDS) {
                return seL4_NotEnoughMemory;
            }
            bits--;
            continue;
        }
        /* Moved, so that the manager has no second way to it but the untyped that it came from. */
        seL4_Error error = (seL4_Error)seL4_CNode_Move(
            container->leaf, CONTAINER_SLOT_UNTYPED + order->untyped_count, CONTAINER_LEAF_BITS,
            quota->cnode, untyped, seL4_WordBits);
        if (error != seL4_NoError) {
            return error;
        }
        order->untyped_bits[order->untyped_count++] = (uint8_t)bits;
        memory -= 1ul << bits;
    }
    return seL4_NoError;
}

static seL4_Error hosts_give(const struct container *container, const struct container_config *config,
                             struct container_order *order)
{
    seL4_Error error = seL4_NoError;
    order->host_count = config->host_count;
    for (unsigned i = 0; i < config->host_count && !error; i++) {
        order->host[i] = config->host[i];
        error = give(container, CONTAINER_SLOT_HOST + i, config->host_cap[i], 0);
    }
    return error;
}

/* A page of something that lies in the manager's memory. */
struct copy {
    const unsigned char *bytes;
    size_t size;
    seL4_Word vaddr;
};

static void copy_fill(const void *argument, seL4_Word vaddr, unsigned char *page)
{
    const struct copy *copy = argument;
    size_t at = vaddr - copy->vaddr, left = copy->size - at;
    memcpy(page, copy->bytes + at, left < PAGE ? left : PAGE);
}

static seL4_Error copy_map(const struct container *container, const void *bytes, size_t size, seL4_Word vaddr)
{
    struct copy copy = {.bytes = bytes, .size = size, .vaddr = vaddr};
    seL4_Error error = seL4_NoError;
    for (size_t at = 0; at < size && !error; at += PAGE) {
        error = container_page(container, vaddr + at, seL4_CanRead, copy_fill, &copy);
    }
    return error;
}

static seL4_Error stack_map(const struct container *container)
{
    seL4_Error error = seL4_NoError;
    for (unsigned i = 1; i <= CONTAINER_STACK_PAGES && !error; i++) {
        error =
            container_page(container, CONTAINER_STACK_TOP - i * (seL4_Word)PAGE, seL4_ReadWrite, NULL, NULL);
    }
    return error;
}

static seL4_Error thread_make(struct container *container)
{
    struct sel4_util_allocator *allocator = container->allocator;
    seL4_CPtr frame = sel4_util_object_alloc(allocator, seL4_X86_4K, 0);
    if (!frame) {
        return seL4_NotEnoughMemory;
    }
    seL4_Error error =
        sel4_util_map(allocator, container->vspace, frame, CONTAINER_IPC_BUFFER, seL4_ReadWrite);
    if (error != seL4_NoError) {
        return error;
    }
    error = share_thread_configure(container, root_data(), frame);
    sel4_util_tcb_name(container->tcb, "processes");
    return error;
}

seL4_Error container_make(struct container *container, struct sel4_util_allocator *allocator,
                          struct sel4_util_allocator *quota, seL4_CPtr control,
                          const struct container_config *config)
{
    static union {
        struct container_order order;
        unsigned char bytes[CONTAINER_ORDER_SIZE];
    } page;
    struct container_order *order = &page.order;
    *container = (struct container){
        .allocator = allocator, .control = control, .share = {.permille = config->permille}};
    seL4_Error error = objects_make(container);
    error = error ? error : capabilities_give(container);
    error = error ? error : memory_give(container, quota, config->memory, order);
    error = error ? error : hosts_give(container, config, order);
    error = error ? error : order_write(order, config->order);
    order->has_share = config->permille != 0;
    error = error ? error
                  : image_map(container, config->personality, config->personality_size, &container->entry);
    error = error ? error : stack_map(container);
    if (!error && config->program) {
        order->program = PROGRAM_VADDR;
        order->program_size = config->program_size;
        error = copy_map(container, config->program, config->program_size, PROGRAM_VADDR);
    }
    error = error ? error : copy_map(container, order, sizeof *order + order->text_size, CONTAINER_ORDER);
    return error ? error : thread_make(container);
}

seL4_Error container_start(const struct container *container)
{
    seL4_UserContext registers = {
        .rip = container->entry,
        .rsp = CONTAINER_STACK_TOP,
        .rflags = FLAGS_START,
        .rdi = CONTAINER_ORDER,
    };
    return (seL4_Error)seL4_TCB_WriteRegisters(container->tcb, 1, 0, sizeof registers / sizeof(seL4_Word),
                                               &registers);
}
