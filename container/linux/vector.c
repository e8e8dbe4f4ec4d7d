/* SPDX-License-Identifier: BSD-2-Clause */
/* Vector registers on their way from thread to thread. The state lies in the personality's heap, a child has a copy. */
#include "container/linux/vector.h"

#include "container/linux/heap.h"
#include "container/linux/signal_parts.h"
#include "container/linux/syscall.h"

enum vector_phase {
    VECTOR_STORING,
    VECTOR_STORED,
    VECTOR_LOADING
};

enum {
    STATE = 512 /* offset of the state, a multiple of 64; as all blocks lie, it is aligned, too */
};

struct vector {
    enum vector_phase phase;
    struct user_registers registers; /* that the thread goes on with */
    struct linux_call call;
    uint64_t signal_mask;
};

_Static_assert(sizeof(struct vector) <= STATE, "the state lies behind it");

/* The instructions; never called. r8 is where the state is, edx:eax its components. 15 is rt_sigreturn; with rdx 0 it is
 * no call of seL4's. Flags stay. */
extern const char vector_storing[], vector_storing_legacy[], vector_stored[];
extern const char vector_loading[], vector_loading_legacy[], vector_loaded[];

static size_t vector_size(void)
{
    uint32_t size;
    (void)signal_vector_components(&size);
    return STATE + size;
}

/* Registers with which a thread goes through the instructions. */
static struct user_registers detour(const struct thread *thread, const struct user_registers *registers,
                                    const char *extended, const char *legacy)
{
    uint32_t size;
    uint64_t components = signal_vector_components(&size);
    return (struct user_registers){.rip = (uint64_t)(components ? extended : legacy),
                                   .rsp = registers->rsp,
                                   .rflags = registers->rflags,
                                   .r8 = (uint64_t)thread->vector + STATE,
                                   .rax = (uint32_t)components,
                                   .rdx = components >> 32};
}

/* Nothing may find the thread in there. */
static void signals_hold(struct thread *thread)
{
    thread->vector->signal_mask = thread->signal_mask;
    thread->signal_mask = ~0ul;
}

long vector_store(struct thread *thread)
{
    if (thread->vector && thread->vector->phase == VECTOR_STORED) {
        return 0;
    }
    if (!thread->vector) {
        thread->vector = heap_alloc(vector_size());
    }
    struct vector *vector = thread->vector;
    if (!vector) {
        return -ENOMEM;
    }
    vector->phase = VECTOR_STORING;
    vector->registers = thread->registers;
    vector->call = thread->call;
    signals_hold(thread);
    struct user_registers registers =
        detour(thread, &thread->registers, vector_storing, vector_storing_legacy);
    kernel_thread_resume(&thread->kernel, &registers);
    return CALL_WAITS;
}

void vector_give(struct thread *from, struct thread *to)
{
    to->vector = from->vector;
    from->vector = NULL;
}

void vector_start(struct thread *thread, const struct user_registers *registers, uint64_t fs_base)
{
    if (!thread->vector) {
        kernel_thread_start(&thread->kernel, registers, fs_base);
        return;
    }
    thread->vector->phase = VECTOR_LOADING;
    thread->vector->registers = *registers;
    signals_hold(thread);
    struct user_registers through = detour(thread, registers, vector_loading, vector_loading_legacy);
    kernel_thread_start(&thread->kernel, &through, fs_base);
}

void vector_drop(struct thread *thread)
{
    if (thread->vector) {
        heap_free(thread->vector, vector_size());
        thread->vector = NULL;
    }
}

/* The state has been stored: now the call. In a child it returns here, too, and the state is still to be loaded. */
static long stored(struct thread *thread)
{
    struct vector *vector = thread->vector;
    vector->phase = VECTOR_STORED;
    thread->registers = vector->registers;
    thread->call = vector->call;
    thread->signal_mask = vector->signal_mask;
    long result = linux_syscall(thread, &thread->call);
    if (thread->vector && thread->vector->phase == VECTOR_STORED) {
        vector_drop(thread);
    }
    return result;
}

static long loaded(struct thread *thread)
{
    struct user_registers registers = thread->vector->registers;
    thread->signal_mask = thread->vector->signal_mask;
    vector_drop(thread);
    signal_return(thread, &registers);
    return CALL_WAITS;
}

bool vector_call(struct thread *thread, long *result)
{
    uint64_t ip = thread->registers.rip;
    if (thread->vector && ip == (uint64_t)vector_stored && thread->vector->phase == VECTOR_STORING) {
        *result = stored(thread);
        return true;
    }
    if (thread->vector && ip == (uint64_t)vector_loaded && thread->vector->phase == VECTOR_LOADING) {
        *result = loaded(thread);
        return true;
    }
    return false;
}

asm(".pushsection .text\n"
    "vector_storing:\n"
    "    xsave64 (%r8)\n"
    "    jmp 1f\n"
    "vector_storing_legacy:\n"
    "    fxsave64 (%r8)\n"
    "1:  movl $15, %eax\n"
    "    movl $0, %edx\n"
    "vector_stored:\n"
    "    syscall\n"
    "    ud2\n"
    "vector_loading:\n"
    "    xrstor64 (%r8)\n"
    "    jmp 2f\n"
    "vector_loading_legacy:\n"
    "    fxrstor64 (%r8)\n"
    "2:  movl $15, %eax\n"
    "    movl $0, %edx\n"
    "vector_loaded:\n"
    "    syscall\n"
    "    ud2\n"
    ".popsection\n");
