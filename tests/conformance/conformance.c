/* SPDX-License-Identifier: BSD-2-Clause */
/* See conformance.h. */
#include "conformance.h"

enum {
    THREADS_MAX = 250,
    PRIORITY_IDLE = 1,
    LONG_TURN_US = 100000000
};

struct sel4_util_allocator pool;
const seL4_BootInfo *boot;

static struct sel4_util_thread threads[THREADS_MAX];
static unsigned thread_count;

void open(const seL4_BootInfo *info)
{
    boot = info;
    sel4_util_allocator_init(&pool, info);
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
#ifdef CONFIG_KERNEL_MCS
    /* So that no turn ends in the middle of a line. */
    SEL4_UTIL_CHECK(seL4_SchedControl_Configure(info->schedcontrol.start, seL4_CapInitThreadSC, LONG_TURN_US,
                                                LONG_TURN_US, 0, 0));
#endif
}

void close(void)
{
    sel4_util_printf("end\n");
    sel4_util_stop(SELF);
}

void section(const char *title)
{
    sel4_util_printf("== %s\n", title);
}

/* How many message words belong to an error; `words` are those words. */
static unsigned error_words(seL4_Word error, const seL4_Word *words)
{
    switch (error) {
    case seL4_InvalidArgument:
    case seL4_InvalidCapability:
    case seL4_NotEnoughMemory:
        return 1;
    case seL4_RangeError:
        return 2;
    case seL4_FailedLookup:
        return words[1] == seL4_GuardMismatch   ? 5
               : words[1] == seL4_DepthMismatch ? 4
               : words[1] == seL4_InvalidRoot   ? 2
                                                : 3;
    default:
        return 0;
    }
}

static void words_print(const seL4_Word *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        sel4_util_printf(" %lx", words[i]);
    }
    sel4_util_printf("\n");
}

void case_print(seL4_Word error, const char *format, ...)
{
    seL4_Word words[5];
    for (int i = 0; i < 5; i++) {
        words[i] = seL4_GetMR(i);
    }
    va_list arguments;
    va_start(arguments, format);
    sel4_util_vprintf(format, arguments);
    va_end(arguments);
    sel4_util_printf(": %s", sel4_util_error_name(error));
    words_print(words, error_words(error, words));
}

seL4_MessageInfo_t invoke(seL4_CPtr cap, seL4_Word label, const struct arguments *arguments)
{
    for (unsigned i = 0; i < arguments->cap_count; i++) {
        seL4_SetCap((int)i, arguments->caps[i]);
    }
    for (unsigned i = 0; i < arguments->word_count; i++) {
        seL4_SetMR((int)i, arguments->words[i]);
    }
    return seL4_Call(cap, seL4_MessageInfo_new(label, 0, arguments->cap_count, arguments->word_count));
}

void invoke_case(seL4_CPtr cap, seL4_Word label, const struct arguments *arguments, const char *format, ...)
{
    seL4_MessageInfo_t info = invoke(cap, label, arguments);
    seL4_Word words[seL4_MsgMaxLength];
    unsigned length = (unsigned)seL4_MessageInfo_get_length(info);
    for (unsigned i = 0; i < length; i++) {
        words[i] = seL4_GetMR((int)i);
    }
    va_list names;
    va_start(names, format);
    sel4_util_vprintf(format, names);
    va_end(names);
    sel4_util_printf(": %s, %u words:", sel4_util_error_name(seL4_MessageInfo_get_label(info)), length);
    words_print(words, length);
}

seL4_CPtr slot(void)
{
    seL4_CPtr cap = sel4_util_slot_alloc(&pool);
    if (!cap) {
        sel4_util_panic("out of slots\n");
    }
    return cap;
}

seL4_CPtr make_sized(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr cap = sel4_util_object_alloc(&pool, type, size_bits);
    if (!cap) {
        sel4_util_panic("no object of type %lu and size %lu\n", type, size_bits);
    }
    return cap;
}

seL4_CPtr make(seL4_Word type)
{
    return make_sized(type, 0);
}

seL4_CPtr mint(seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge)
{
    seL4_CPtr to = slot();
    SEL4_UTIL_CHECK(seL4_CNode_Mint(CNODE, to, WORD, CNODE, cap, WORD, rights, badge));
    return to;
}

seL4_CPtr copy(seL4_CPtr cap)
{
    seL4_CPtr to = slot();
    SEL4_UTIL_CHECK(seL4_CNode_Copy(CNODE, to, WORD, CNODE, cap, WORD, seL4_AllRights));
    return to;
}

seL4_Error discard(seL4_CPtr cap)
{
    return (seL4_Error)seL4_CNode_Delete(CNODE, cap, WORD);
}

#ifdef CONFIG_DEBUG_BUILD
seL4_Word kind(seL4_CPtr cap)
{
    return seL4_DebugCapIdentify(cap);
}
#endif

struct sel4_util_thread *spawn_faulting(const char *name, void (*entry)(void *), void *argument,
                                        seL4_Word priority, seL4_CPtr fault_endpoint)
{
    if (thread_count == THREADS_MAX) {
        sel4_util_panic("too many threads\n");
    }
    struct sel4_util_thread *thread = &threads[thread_count++];
    SEL4_UTIL_CHECK(
        sel4_util_thread_start(thread, &pool,
                               &(struct sel4_util_thread_config){.name = name,
                                                                 .entry = entry,
                                                                 .argument = argument,
                                                                 .priority = priority,
                                                                 .fault_endpoint = fault_endpoint}));
    return thread;
}

struct sel4_util_thread *spawn(const char *name, void (*entry)(void *), void *argument, seL4_Word priority)
{
    return spawn_faulting(name, entry, argument, priority, seL4_CapNull);
}

void let_run(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_IDLE));
    SEL4_UTIL_CHECK(seL4_TCB_SetPriority(SELF, SELF, PRIORITY_ROOT));
}
