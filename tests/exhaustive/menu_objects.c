/* SPDX-License-Identifier: BSD-2-Clause */
/* Menus of memory, threads and address spaces. */
#include "tests/exhaustive/menu.h"

void add_memory(void)
{
    uint64_t a = tiny->empty[0], b = tiny->empty[1];
    uint64_t node = ABI_SLOT_CNODE;
    add_retype(ACTOR_ROOT, "endpoint a", tiny->small, OBJECT_ENDPOINT, 0, a, 1, node);
    add_retype(ACTOR_ROOT, "2 notifications a b", tiny->small, OBJECT_NOTIFICATION, 0, a, 2, node);
    add_retype(ACTOR_ROOT, "CNode b", tiny->small, OBJECT_CNODE, 1, b, 1, node);
    add_retype(ACTOR_ROOT, "untyped a", tiny->small, OBJECT_UNTYPED, 6, a, 1, node);
    add_retype(ACTOR_ROOT, "a: untyped b", a, OBJECT_UNTYPED, 5, b, 1, node);
    add_retype(ACTOR_ROOT, "a: endpoint inside", a, OBJECT_ENDPOINT, 0, 7, 1, tiny->cnode);
    add_retype(ACTOR_ROOT, "thread a", tiny->half, OBJECT_TCB, 0, a, 1, node);
    add_retype(ACTOR_ROOT, "page b", tiny->half, OBJECT_SMALL_PAGE, 0, b, 1, node);
    add_retype(ACTOR_CHILD, "endpoint 6", 4, OBJECT_ENDPOINT, 0, 6, 1, 5);
    add_retype(ACTOR_CHILD, "CNode 7", 4, OBJECT_CNODE, 1, 7, 1, 5);
    CHILD("6", 5, OPERATION_CNODE_DELETE, WORDS(6, 64), NO_CAPS);
    CHILD("untyped", 5, OPERATION_CNODE_REVOKE, WORDS(4, 64), NO_CAPS);
    ROOT("small c", node, OPERATION_CNODE_COPY, WORDS(tiny->empty[2], 64, tiny->small, 64, RIGHTS_ALL), NODE);
    ROOT("b into b", b, OPERATION_CNODE_MOVE, WORDS(0, 1, b, 64), NODE);
    ROOT("a into b", b, OPERATION_CNODE_COPY, WORDS(1, 1, a, 64, RIGHTS_ALL), NODE);
    ROOT("a", node, OPERATION_CNODE_DELETE, WORDS(a, 64), NO_CAPS);
    ROOT("b", node, OPERATION_CNODE_DELETE, WORDS(b, 64), NO_CAPS);
    interrupted(1);
    ROOT("a", node, OPERATION_CNODE_REVOKE, WORDS(a, 64), NO_CAPS);
    ROOT("small", node, OPERATION_CNODE_REVOKE, WORDS(tiny->small, 64), NO_CAPS);
    interrupted(1);
    ROOT("half", node, OPERATION_CNODE_REVOKE, WORDS(tiny->half, 64), NO_CAPS);
    ROOT("a", a, OPERATION_TCB_CONFIGURE, WORDS(0, 0, 0, 0),
         CAPS(node, ABI_SLOT_VSPACE, ABI_SLOT_IPC_BUFFER));
    ROOT("a", a, OPERATION_TCB_WRITE_REGISTERS, WORDS(1, 1, 0x400000), NO_CAPS);
    add_syscall(ACTOR_ROOT, SYSCALL_YIELD, "", 0, 0, 0);
    add_syscall(ACTOR_CHILD, SYSCALL_YIELD, "", 0, 0, 0);
}

void add_threads(void)
{
    uint64_t node = ABI_SLOT_CNODE;
    uint64_t self = ABI_SLOT_TCB;
    ROOT("child", tiny->thread, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_RESUME, NO_WORDS, NO_CAPS);
    ROOT("root", self, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_READ_REGISTERS, WORDS(0, 2), NO_CAPS);
    ROOT("child, suspend", tiny->thread, OPERATION_TCB_READ_REGISTERS, WORDS(1, 2), NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_WRITE_REGISTERS, WORDS(0, 2, 0x400100, 0), NO_CAPS);
    ROOT("spare, resume", tiny->spare, OPERATION_TCB_WRITE_REGISTERS, WORDS(1, 1, 0x400100), NO_CAPS);
    ROOT("child from spare", tiny->thread, OPERATION_TCB_COPY_REGISTERS, WORDS(0x0b), CAPS(tiny->spare));
    ROOT("child up", tiny->thread, OPERATION_TCB_SET_PRIORITY, WORDS(11), CAPS(self));
    ROOT("child down", tiny->thread, OPERATION_TCB_SET_PRIORITY, WORDS(9), CAPS(self));
    ROOT("child 0", tiny->thread, OPERATION_TCB_SET_MC_PRIORITY, WORDS(0), CAPS(self));
    ROOT("root by child", self, OPERATION_TCB_SET_PRIORITY, WORDS(10), CAPS(tiny->thread));
    if (is_mcs)
        ROOT("spare 10", tiny->spare, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(10, 10),
             CAPS(self, tiny->context_spare, tiny->endpoint));
    else
        ROOT("spare 10", tiny->spare, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(10, 10), CAPS(self));
    static const uint64_t spaces[] = {1, 61, 0, 0};
    add_call(ACTOR_ROOT, "spare", tiny->spare, OPERATION_TCB_CONFIGURE, spaces + is_mcs, 4u - is_mcs,
             CAPS(tiny->cnode, ABI_SLOT_VSPACE, ABI_SLOT_IPC_BUFFER));
    add_set_space("child, no VSpace", tiny->cnode, 61, node);
    add_set_space("child to root's", node, 0, ABI_SLOT_VSPACE);
    ROOT("child none", tiny->thread, OPERATION_TCB_SET_IPC_BUFFER, WORDS(0), CAPS(0));
    ROOT("child", tiny->thread, OPERATION_TCB_SET_TLS_BASE, WORDS(0x1000), NO_CAPS);
    ROOT("child", tiny->thread, OPERATION_TCB_SET_FLAGS, WORDS(0, 1), NO_CAPS);
    ROOT("child in 0", ABI_SLOT_DOMAIN, OPERATION_DOMAIN_SET_SET, WORDS(0), CAPS(tiny->thread));
    ROOT("spare", node, OPERATION_CNODE_DELETE, WORDS(tiny->spare, 64), NO_CAPS);
    ROOT("child's cnode", node, OPERATION_CNODE_REVOKE, WORDS(tiny->cnode, 64), NO_CAPS);
    CHILD("itself", 3, OPERATION_TCB_SUSPEND, NO_WORDS, NO_CAPS);
    add_syscall(ACTOR_ROOT, SYSCALL_RECV, "endpoint", tiny->endpoint, 0, 0);
    add_syscall(ACTOR_ROOT, is_mcs ? SYSCALL_SEND : SYSCALL_REPLY, "the answer", tiny->reply_spare, 0, 0);
    add_syscall(ACTOR_CHILD, SYSCALL_CALL, "endpoint", 1, 8, 6);
    add_syscall(ACTOR_ROOT, SYSCALL_YIELD, "", 0, 0, 0);
    add_syscall(ACTOR_CHILD, SYSCALL_YIELD, "", 0, 0, 0);
    add_fault_of(ACTOR_CHILD);
    add_syscall(ACTOR_BOTH, SYSCALL_SET_TLS_BASE, "", 0x2000, 0, 0);
}

void add_spaces(void)
{
    uint64_t a = tiny->empty[0], vspace = ABI_SLOT_VSPACE;
    uint64_t node = ABI_SLOT_CNODE;
    ROOT("page", tiny->page, OPERATION_X86_PAGE_MAP, WORDS(0x410000, 3, 0), CAPS(vspace));
    ROOT("page, read", tiny->page, OPERATION_X86_PAGE_MAP, WORDS(0x410000, 2, 0), CAPS(vspace));
    ROOT("copy, all", tiny->frame, OPERATION_X86_PAGE_MAP, WORDS(0x411000, 3, 0), CAPS(vspace));
    ROOT("page elsewhere", tiny->page, OPERATION_X86_PAGE_MAP, WORDS(0x410000, 3, 0), CAPS(tiny->pml4));
    ROOT("page", tiny->page, OPERATION_X86_PAGE_UNMAP, NO_WORDS, NO_CAPS);
    ROOT("copy", tiny->frame, OPERATION_X86_PAGE_UNMAP, NO_WORDS, NO_CAPS);
    ROOT("page", tiny->page, OPERATION_X86_PAGE_GET_ADDRESS, NO_WORDS, NO_CAPS);
    add_retype(ACTOR_ROOT, "table a", tiny->half, OBJECT_PAGE_TABLE, 0, a, 1, node);
    add_retype(ACTOR_ROOT, "PDPT a", tiny->half, OBJECT_PDPT, 0, a, 1, node);
    ROOT("a", a, OPERATION_X86_PAGE_TABLE_MAP, WORDS(0x600000, 0), CAPS(vspace));
    ROOT("a", a, OPERATION_X86_PAGE_TABLE_UNMAP, NO_WORDS, NO_CAPS);
    ROOT("a", a, OPERATION_X86_PDPT_MAP, WORDS(0, 0), CAPS(tiny->pml4));
    ROOT("a", a, OPERATION_X86_PDPT_UNMAP, NO_WORDS, NO_CAPS);
    ROOT("page in a", tiny->page, OPERATION_X86_PAGE_MAP, WORDS(0x600000, 3, 0), CAPS(vspace));
    ROOT("pml4", ABI_SLOT_ASID_POOL, OPERATION_X86_ASID_POOL_ASSIGN, NO_WORDS, CAPS(tiny->pml4));
    ROOT("half", ABI_SLOT_ASID_CONTROL, OPERATION_X86_ASID_CONTROL_MAKE_POOL, WORDS(tiny->empty[1], 64),
         CAPS(tiny->half, node));
    ROOT("pml4 in b", tiny->empty[1], OPERATION_X86_ASID_POOL_ASSIGN, NO_WORDS, CAPS(tiny->pml4));
    ROOT("b", node, OPERATION_CNODE_DELETE, WORDS(tiny->empty[1], 64), NO_CAPS);
    add_set_space("child to pml4", tiny->cnode, 61, tiny->pml4);
    ROOT("pml4", node, OPERATION_CNODE_DELETE, WORDS(tiny->pml4, 64), NO_CAPS);
    ROOT("pml4 c", node, OPERATION_CNODE_COPY, WORDS(tiny->empty[2], 64, tiny->pml4, 64, RIGHTS_ALL), NODE);
    ROOT("page", node, OPERATION_CNODE_REVOKE, WORDS(tiny->page, 64), NO_CAPS);
    ROOT("page", node, OPERATION_CNODE_DELETE, WORDS(tiny->page, 64), NO_CAPS);
    ROOT("half", node, OPERATION_CNODE_REVOKE, WORDS(tiny->half, 64), NO_CAPS);
    ROOT("child, its page", tiny->thread, OPERATION_TCB_SET_IPC_BUFFER, WORDS(0x410000), CAPS(tiny->page));
    ROOT("in", tiny->port, OPERATION_X86_IO_PORT_IN8, WORDS(0x3f8), NO_CAPS);
    ROOT("out", tiny->port, OPERATION_X86_IO_PORT_OUT8, WORDS(0x3f8, 1), NO_CAPS);
    ROOT("ports a", ABI_SLOT_IO_PORT_CONTROL, OPERATION_X86_IO_PORT_CONTROL_ISSUE, WORDS(0x400, 0x40f, a, 64),
         NODE);
    ROOT("port", node, OPERATION_CNODE_DELETE, WORDS(tiny->port, 64), NO_CAPS);
    ROOT("a", node, OPERATION_CNODE_DELETE, WORDS(a, 64), NO_CAPS);
    ROOT("irq d", ABI_SLOT_IRQ_CONTROL, OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI,
         WORDS(tiny->empty[3], 64, 0, 0, 0, 0, 9), NODE);
    add_syscall(ACTOR_ROOT, SYSCALL_YIELD, "", 0, 0, 0);
    add_fault_of(ACTOR_CHILD);
}
