/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See rig.h.
 */
#include "tests/kernel/rig.h"

#include <stdlib.h>

#include "check/check.h"
#include "kernel/mcs/sched_context.h"
#include "kernel/message.h"
#include "kernel/state.h"
#include "kernel/thread.h"
#include "kernel/vspace.h"

enum {
    BUFFER_VADDR = 0x500000, /* buffers of threads: inside the image's page table */
    ENTRY_VADDR = 0x400000
};

/* Words of seL4_BootInfo that the rig looks at. */
enum {
    BOOTINFO_EMPTY = 5,
    BOOTINFO_IMAGE_FRAMES = 9,
    BOOTINFO_PAGING = 11,
    BOOTINFO_UNTYPED = 19,
    BOOTINFO_REGION = 2 /* words; MCS has one more before the untypeds */
};

static bool vspace_is_alive(const struct kernel *k, uint64_t vspace)
{
    for (uint64_t asid = 1; asid < 1ull << (ABI_ASID_POOL_BITS + ABI_ASID_HIGH_BITS); asid++) {
        if (asid % (1u << ABI_ASID_POOL_BITS) == 0 && !k->state->asid_pool[asid >> ABI_ASID_POOL_BITS])
            asid += (1u << ABI_ASID_POOL_BITS) - 1;
        else if (asid_lookup(k, asid) == vspace)
            return true;
    }
    return false;
}

void rig_check_forgotten(const struct sim *sim)
{
    for (unsigned i = 0; i < SIM_TLB_ENTRIES; i++) {
        uint64_t vspace = sim->tlb[i].vspace;
        if (vspace && !vspace_is_alive(&sim->kernel, vspace))
            kernel_assert_failed("a VSpace without an ASID is forgotten", __FILE__, __LINE__);
    }
}

static void rig_after_trap(struct sim *sim)
{
    rig_check_forgotten(sim);
    CHECK(kernel_check(&sim->kernel));
}

static const uint64_t *rig_bootinfo(const struct rig *rig)
{
    return arena_at(rig->k, rig_cap(rig, ABI_SLOT_BOOT_INFO).paddr);
}

static void rig_find_untypeds(struct rig *rig)
{
    const uint64_t *untyped =
        rig_bootinfo(rig) + BOOTINFO_UNTYPED + (rig->k->abi->config.is_mcs ? BOOTINFO_REGION : 0);
    for (uint64_t i = untyped[0]; i < untyped[1]; i++) {
        struct cap cap = rig_cap(rig, i);
        if (cap.is_device) {
            rig->device = rig->device ? rig->device : i;
        } else if (rig->untyped == 0 || cap.untyped_bits > rig_cap(rig, rig->untyped).untyped_bits) {
            rig->spare = rig->untyped;
            rig->untyped = i;
        } else if (rig->spare == 0 || cap.untyped_bits > rig_cap(rig, rig->spare).untyped_bits) {
            rig->spare = i;
        }
    }
}

struct rig rig_open_with(struct sim_options options)
{
    struct rig rig = {.sim = sim_open(&options)};
    rig.k = &rig.sim->kernel;
    rig.sim->after_trap = rig_after_trap;
    rig.root = rig.sim->next.tcb;
    kernel_check(rig.k);
    const uint64_t *bootinfo = rig_bootinfo(&rig);
    rig.first_slot = rig.next_slot = bootinfo[BOOTINFO_EMPTY];
    rig.image_frame = bootinfo[BOOTINFO_IMAGE_FRAMES];
    rig.paging_first = bootinfo[BOOTINFO_PAGING];
    rig_find_untypeds(&rig);
    return rig;
}

struct rig rig_open(void)
{
    return rig_open_with((struct sim_options){.release = 16});
}

struct rig rig_open_mcs(void)
{
    return rig_open_with((struct sim_options){.is_mcs = true});
}

void rig_close(struct rig *rig)
{
    kernel_check(rig->k);
    sim_close(rig->sim);
    rig->sim = NULL;
}

struct slot *rig_slot(const struct rig *rig, uint64_t cptr)
{
    return (struct slot *)arena_at(rig->k, rig->k->state->root_cnode) + cptr;
}

struct cap rig_cap(const struct rig *rig, uint64_t cptr)
{
    return rig_slot(rig, cptr)->cap;
}

struct tcb *rig_tcb(const struct rig *rig, uint64_t cptr)
{
    return tcb_at(rig->k, rig_cap(rig, cptr).paddr);
}

uint64_t rig_free_slot(struct rig *rig)
{
    return rig->next_slot++;
}

uint64_t rig_label(const struct rig *rig, enum operation operation)
{
    for (uint64_t label = 1; label < ABI_MAX_LABELS; label++) {
        if (rig->sim->abi.operation_of_label[label] == operation)
            return label;
    }
    abort();
}

uint64_t *rig_buffer(struct rig *rig)
{
    /* Not through the thread's mappings: tests and fuzzers change those. */
    return thread_ipc_buffer(rig->k, tcb_at(rig->k, rig->sim->next.tcb), true);
}

uint64_t rig_info(uint64_t label, unsigned extra_caps, unsigned length)
{
    return message_info_to_word(
        (struct message_info){.label = label, .extra_caps = extra_caps, .length = length});
}

void rig_syscall(struct rig *rig, enum syscall syscall, uint64_t cptr, uint64_t info, const uint64_t *words,
                 size_t count, const uint64_t *caps, size_t cap_count)
{
    uint64_t mr[ABI_MESSAGE_REGISTERS] = {0};
    uint64_t *buffer = count > ABI_MESSAGE_REGISTERS || cap_count ? rig_buffer(rig) : NULL;
    for (size_t i = 0; i < count; i++) {
        if (i < ABI_MESSAGE_REGISTERS)
            mr[i] = words[i];
        else if (buffer)
            buffer[BUFFER_MESSAGE + i] = words[i];
    }
    for (size_t i = 0; buffer && i < cap_count; i++)
        buffer[BUFFER_CAPS_OR_BADGES + i] = caps[i];
    if (rig->k->abi->config.is_mcs) {
        rig->sim->next.context->reg[REG_R12] = rig->reply;
        rig->sim->next.context->reg[REG_R13] = rig->destination;
    }
    sim_syscall(rig->sim, sim_syscall_number(rig->sim, syscall), cptr, info, mr);
}

struct answer rig_answer(struct rig *rig)
{
    const struct tcb *tcb = tcb_at(rig->k, rig->sim->next.tcb);
    if (!tcb)
        return (struct answer){.label = UINT64_MAX}; /* nobody is there to get one */
    struct message_info info = message_info_from_word(tcb->context.reg[REG_RSI]);
    struct answer answer = {
        .label = info.label,
        .badge = tcb->context.reg[REG_RDI],
        .length = info.length,
        .extra_caps = info.extra_caps,
        .caps_unwrapped = info.caps_unwrapped,
    };
    const uint64_t *buffer = info.length > ABI_MESSAGE_REGISTERS ? rig_buffer(rig) : NULL;
    for (unsigned i = 0; i < info.length; i++)
        answer.word[i] = message_get(tcb, buffer, i);
    return answer;
}

struct answer rig_call(struct rig *rig, uint64_t cptr, const struct message *message)
{
    uint64_t label = message->operation ? rig_label(rig, message->operation) : message->host_label;
    uint64_t info = rig_info(label, message->cap_count, message->length);
    uint64_t caller = rig->sim->next.tcb;
    rig_syscall(rig, SYSCALL_CALL, cptr, info, message->word, message->length, message->cap,
                message->cap_count);
    for (unsigned i = 0; rig->sim->next.tcb == caller && sim_is_restarted(rig->sim); i++) {
        if (i > 100000)
            abort();
        sim_restart(rig->sim);
    }
    return rig_answer(rig);
}

struct answer rig_invoke(struct rig *rig, uint64_t cptr, enum operation operation, const uint64_t *words,
                         size_t word_count, const uint64_t *caps, size_t cap_count)
{
    struct message message = {
        .operation = operation, .length = (unsigned)word_count, .cap_count = (unsigned)cap_count};
    for (size_t i = 0; i < word_count; i++)
        message.word[i] = words[i];
    for (size_t i = 0; i < cap_count; i++)
        message.cap[i] = caps[i];
    return rig_call(rig, cptr, &message);
}

uint64_t rig_retype(struct rig *rig, uint64_t untyped, enum object object, uint64_t user_bits, uint64_t slot,
                    uint64_t count)
{
    uint64_t type = rig->sim->abi.type_of_object[object];
    return rig_invoke(rig, untyped, OPERATION_UNTYPED_RETYPE, WORDS(type, user_bits, 0, 0, slot, count),
                      CAPS(ABI_SLOT_CNODE))
        .label;
}

uint64_t rig_new(struct rig *rig, enum object object, uint64_t user_bits)
{
    uint64_t slot = rig_free_slot(rig);
    CHECK_OK(rig_retype(rig, rig->untyped, object, user_bits, slot, 1));
    return slot;
}

uint64_t rig_new_small_untyped(struct rig *rig, unsigned bits)
{
    return rig_new(rig, OBJECT_UNTYPED, bits);
}

static uint64_t rig_transfer(struct rig *rig, enum operation operation, uint64_t to, uint64_t from,
                             const uint64_t *more, unsigned count)
{
    struct message message = {.operation = operation,
                              .length = 4 + count,
                              .word = {to, 64, from, 64},
                              .cap_count = 1,
                              .cap = {ABI_SLOT_CNODE}};
    for (unsigned i = 0; i < count; i++)
        message.word[4 + i] = more[i];
    return rig_call(rig, ABI_SLOT_CNODE, &message).label;
}

uint64_t rig_copy(struct rig *rig, uint64_t to, uint64_t from, uint64_t rights)
{
    return rig_transfer(rig, OPERATION_CNODE_COPY, to, from, WORDS(rights));
}

uint64_t rig_mint(struct rig *rig, uint64_t to, uint64_t from, uint64_t rights, uint64_t data)
{
    return rig_transfer(rig, OPERATION_CNODE_MINT, to, from, WORDS(rights, data));
}

uint64_t rig_move(struct rig *rig, uint64_t to, uint64_t from)
{
    return rig_transfer(rig, OPERATION_CNODE_MOVE, to, from, NULL, 0);
}

uint64_t rig_delete(struct rig *rig, uint64_t slot)
{
    return rig_invoke(rig, ABI_SLOT_CNODE, OPERATION_CNODE_DELETE, WORDS(slot, 64), NO_CAPS).label;
}

uint64_t rig_revoke(struct rig *rig, uint64_t slot)
{
    return rig_invoke(rig, ABI_SLOT_CNODE, OPERATION_CNODE_REVOKE, WORDS(slot, 64), NO_CAPS).label;
}

static void thread_configure(struct rig *rig, uint64_t tcb, uint8_t priority, uint64_t fault_handler)
{
    CHECK_OK(rig_invoke(rig, tcb, OPERATION_TCB_CONFIGURE, WORDS(fault_handler, 0, 0, 0),
                        CAPS(ABI_SLOT_CNODE, ABI_SLOT_VSPACE, ABI_SLOT_IPC_BUFFER))
                 .label);
    CHECK_OK(
        rig_invoke(rig, tcb, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(255, priority), CAPS(ABI_SLOT_TCB)).label);
}

uint64_t rig_configure(struct rig *rig, uint64_t context, uint64_t budget_us, uint64_t period_us,
                       uint64_t extra_refills, uint64_t badge, uint64_t flags)
{
    return rig_invoke(rig, RIG_SCHED_CONTROL, OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS,
                      WORDS(budget_us, period_us, extra_refills, badge, flags), CAPS(context))
        .label;
}

struct sched_context *rig_context(const struct rig *rig, uint64_t context)
{
    return sched_context_at(rig->k, rig_cap(rig, context).paddr);
}

static void thread_configure_mcs(struct rig *rig, uint64_t tcb, uint8_t priority, uint64_t fault_handler)
{
    uint64_t context = rig_new(rig, OBJECT_SCHED_CONTEXT, 8);
    CHECK_EQ(context, rig_context_of(tcb));
    CHECK_OK(rig_configure(rig, context, RIG_TURN_US, RIG_TURN_US, 0, 0, 0));
    CHECK_OK(rig_invoke(rig, tcb, OPERATION_TCB_CONFIGURE, WORDS(0, 0, 0),
                        CAPS(ABI_SLOT_CNODE, ABI_SLOT_VSPACE, ABI_SLOT_IPC_BUFFER))
                 .label);
    CHECK_OK(rig_invoke(rig, tcb, OPERATION_TCB_SET_SCHED_PARAMS, WORDS(255, priority),
                        CAPS(ABI_SLOT_TCB, context, fault_handler))
                 .label);
}

void rig_pass(struct rig *rig, uint64_t us)
{
    uint64_t end_ns = rig->sim->now_ns + us * NS_PER_US;
    while (rig->sim->next.timer_ns <= end_ns) {
        if (rig->sim->now_ns < rig->sim->next.timer_ns)
            rig->sim->now_ns = rig->sim->next.timer_ns;
        sim_tick(rig->sim);
    }
    rig->sim->now_ns = end_ns;
}

uint64_t rig_thread(struct rig *rig, uint8_t priority, uint64_t fault_handler)
{
    uint64_t tcb = rig_new(rig, OBJECT_TCB, 0);
    if (rig->k->abi->config.is_mcs)
        thread_configure_mcs(rig, tcb, priority, fault_handler);
    else
        thread_configure(rig, tcb, priority, fault_handler);
    CHECK_OK(
        rig_invoke(rig, tcb, OPERATION_TCB_WRITE_REGISTERS, WORDS(1, 2, ENTRY_VADDR + tcb * 16, 0), NO_CAPS)
            .label);
    return tcb;
}

void rig_give_buffer(struct rig *rig, uint64_t tcb)
{
    uint64_t frame = rig_new(rig, OBJECT_SMALL_PAGE, 0);
    uint64_t vaddr = BUFFER_VADDR + frame * 4096;
    CHECK_OK(rig_invoke(rig, frame, OPERATION_X86_PAGE_MAP, WORDS(vaddr, 3, 0), CAPS(ABI_SLOT_VSPACE)).label);
    CHECK_OK(rig_invoke(rig, tcb, OPERATION_TCB_SET_IPC_BUFFER, WORDS(vaddr), CAPS(frame)).label);
}

bool rig_runs(const struct rig *rig, uint64_t tcb)
{
    return rig->sim->next.kind == NEXT_RUN && rig->sim->next.tcb == rig_cap(rig, tcb).paddr;
}

bool rig_root_runs(const struct rig *rig)
{
    return rig->sim->next.kind == NEXT_RUN && rig->sim->next.tcb == rig->root;
}

enum thread_state rig_state(const struct rig *rig, uint64_t tcb)
{
    return rig_tcb(rig, tcb)->state;
}

void rig_yield_to(struct rig *rig, uint64_t tcb)
{
    for (unsigned i = 0; i < 16 && !rig_runs(rig, tcb); i++)
        rig_yield(rig);
    CHECK(rig_runs(rig, tcb));
}

void rig_yield_to_root(struct rig *rig)
{
    rig_yield_to(rig, ABI_SLOT_TCB);
}

void rig_send(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count)
{
    rig_syscall(rig, SYSCALL_SEND, cptr, rig_info(label, 0, (unsigned)count), words, count, NO_CAPS);
}

void rig_nb_send(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count)
{
    rig_syscall(rig, SYSCALL_NB_SEND, cptr, rig_info(label, 0, (unsigned)count), words, count, NO_CAPS);
}

void rig_call_raw(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count)
{
    rig_syscall(rig, SYSCALL_CALL, cptr, rig_info(label, 0, (unsigned)count), words, count, NO_CAPS);
}

void rig_reply(struct rig *rig, uint64_t label, const uint64_t *words, size_t count)
{
    rig_syscall(rig, SYSCALL_REPLY, 0, rig_info(label, 0, (unsigned)count), words, count, NO_CAPS);
}

void rig_reply_recv(struct rig *rig, uint64_t cptr, uint64_t label, const uint64_t *words, size_t count)
{
    rig_syscall(rig, SYSCALL_REPLY_RECV, cptr, rig_info(label, 0, (unsigned)count), words, count, NO_CAPS);
}

void rig_recv(struct rig *rig, uint64_t cptr)
{
    rig_syscall(rig, SYSCALL_RECV, cptr, 0, NO_WORDS, NO_CAPS);
}

void rig_nb_recv(struct rig *rig, uint64_t cptr)
{
    rig_syscall(rig, SYSCALL_NB_RECV, cptr, 0, NO_WORDS, NO_CAPS);
}

void rig_yield(struct rig *rig)
{
    rig_syscall(rig, SYSCALL_YIELD, 0, 0, NO_WORDS, NO_CAPS);
}

bool check_answer(struct answer answer, uint64_t label, const uint64_t *words, size_t count, const char *file,
                  int line)
{
    bool holds = check_report_eq(answer.label, label, file, line, "label of the answer");
    holds &= check_report_eq(answer.length, count, file, line, "length of the answer");
    for (size_t i = 0; i < count && i < answer.length; i++) {
        char what[32];
        snprintf(what, sizeof what, "word %zu of the answer", i);
        holds &= check_report_eq(answer.word[i], words[i], file, line, what);
    }
    return holds;
}
