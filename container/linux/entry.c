/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread's side as code, the personality's side as functions. */
#include "container/linux/entry.h"

#include <sel4/sel4.h>

#include "container/linux/entry_code.h"
#include "container/linux/fast.h"

#include "container/linux/heap.h"
#include "container/linux/sites.h"
#include "container/linux/thread.h"

#define SYSCALL_SIZE     2

/* The order of `value` and `handler`. */
enum {
    NUMBER_GETPID = 39,
    NUMBER_GETUID = 102,
    NUMBER_GETGID = 104,
    NUMBER_GETEUID = 107,
    NUMBER_GETEGID = 108,
    NUMBER_GETPPID = 110,
    NUMBER_GETTID = 186
};
static const uint16_t NUMBERS[ENTRY_VALUES] = {NUMBER_GETPID,  NUMBER_GETUID,  NUMBER_GETGID, NUMBER_GETEUID,
                                               NUMBER_GETEGID, NUMBER_GETPPID, NUMBER_GETTID};

/* Calls that change what the values above say. */
static const uint16_t CHANGERS[] = {105, 106, 113, 114, 117, 119, 122, 123}; /* setuid and its kin */

extern const char entry_start[], entry_moved[], entry_saved[], entry_trap[], entry_after[], entry_last[],
    entry_end[], entry_values_start[], entry_values_end[], selkie_enter[];

void entry_code(void);

/* No instruction here changes flags before they are saved, and none does so afterwards. */
__attribute__((naked, used)) void entry_code(void)
{
    asm volatile(
        ".globl entry_start, entry_call, entry_moved, entry_saved, entry_trap, entry_after, entry_last\n"
        ".globl entry_end\n"
        ".balign 64\n"
        "entry_start:\n"
        "entry_call:\n"
        ENTRY_SAVE("entry_moved:\n")
        "entry_saved:\n"
        "    movq $%c[outside], %%gs:%c[phase]\n"
        "    mov %%gs:%c[endpoint], %%rdi\n"
        "    mov %[info], %%esi\n"
        "    mov %[number], %%rdx\n"
        "    lea entry_after(%%rip), %%r11\n"
        "    jmp selkie_enter\n" /* which jumps into the kernel, or to the next instruction */
        "entry_trap:\n"
        "    syscall\n"
        "    nopl (%%rax)\n"
        "entry_after:\n"
        "    mov %%gs:%c[rax], %%rax\n"
        "    mov %%gs:%c[rbx], %%rbx\n"
        "    mov %%gs:%c[rip], %%rcx\n"
        "    mov %%gs:%c[rdx], %%rdx\n"
        "    mov %%gs:%c[rsi], %%rsi\n"
        "    mov %%gs:%c[rdi], %%rdi\n"
        "    mov %%gs:%c[r8], %%r8\n"
        "    mov %%gs:%c[r9], %%r9\n"
        "    mov %%gs:%c[r10], %%r10\n"
        "    mov %%gs:%c[rflags], %%r11\n"
        "    mov %%gs:%c[r15], %%r15\n"
        "    mov %%gs:%c[rsp], %%rsp\n"
        "entry_last:\n"
        "    jmp *%%rcx\n"
        "entry_end:\n"
        :
        : ENTRY_OFFSETS, [endpoint] "i"(offsetof(struct entry_area, endpoint)),
          [info] "i"(ENTRY_LABEL << ENTRY_LABEL_SHIFT), [number] "i"(seL4_SysCall));
}

/* One answer at once: `entry_value_N` jumps to it or to entry_call, as the area's handler says. Its flags come by
 * way of the area, as above; rax is the last that changes. */
#define VALUE(index)                                                                                         \
    "entry_value_" #index ":\n"                                                                              \
    "    jmp *%%gs:%c[handler]+8*" #index "\n"                                                               \
    ".balign 16\n"                                                                                           \
    "entry_known_" #index ":\n"                                                                              \
    "    mov %%rsp, %%gs:%c[rsp]\n"                                                                          \
    "    mov %%gs:%c[stack], %%rsp\n"                                                                        \
    "    pushfq\n"                                                                                           \
    "    pop %%r11\n"                                                                                        \
    "    mov %%gs:%c[rsp], %%rsp\n"                                                                          \
    "    mov %%gs:%c[value]+8*" #index ", %%rax\n"                                                           \
    "    jmp *%%rcx\n"                                                                                       \
    ".balign 16\n"

void entry_value_code(void);

__attribute__((naked, used)) void entry_value_code(void)
{
    asm volatile(".globl entry_values_start, entry_values_end\n"
                 ".balign 64\n"
                 "entry_values_start:\n" VALUE(0) VALUE(1) VALUE(2) VALUE(3) VALUE(4) VALUE(5)
                     VALUE(6) "entry_values_end:\n"
                 :
                 : ENTRY_OF(rsp), [stack] "i"(offsetof(struct entry_area, stack)),
                   [handler] "i"(offsetof(struct entry_area, handler)),
                   [value] "i"(offsetof(struct entry_area, value)));
}

enum {
    VALUE_STRIDE = 64,
    VALUE_KNOWN = 16,
    LIBSEL4_ENTER_SIZE = 32,
    JUMP_RCX = 0xe1ff /* `jmp *%rcx`, as it lies in memory */
};

static struct entry_area *areas[THREADS];
static unsigned area_count;

struct entry_area *entry_area_make(uint64_t endpoint)
{
    ASSERT(entry_values_end - entry_values_start == ENTRY_VALUES * VALUE_STRIDE);
    struct entry_area *area = area_count < THREADS ? heap_alloc(sizeof *area) : NULL;
    if (area) {
        area->endpoint = endpoint;
        area->stack = (uint64_t)(&area->registers.rflags + 1);
        entry_area_reset(area);
        areas[area_count++] = area;
    }
    return area;
}

void entry_fork(void)
{
    fast_reset();
    for (; area_count > 0; area_count--) {
        heap_free(areas[area_count - 1], sizeof *areas[0]);
    }
}

void entry_area_reset(struct entry_area *area)
{
    area->phase = ENTRY_OUTSIDE;
    area->files = NULL;
    for (unsigned i = 0; i < ENTRY_VALUES; i++) {
        area->handler[i] = (uint64_t)entry_call;
    }
}

void entry_area_leave(struct entry_area *area)
{
    area->phase = ENTRY_OUTSIDE;
}

void entry_forget(void)
{
    for (unsigned i = 0; i < area_count; i++) {
        for (unsigned value = 0; value < ENTRY_VALUES; value++) {
            areas[i]->handler[value] = (uint64_t)entry_call;
        }
    }
}

const void *entry_for(unsigned number)
{
    for (unsigned i = 0; i < ENTRY_VALUES; i++) {
        if (NUMBERS[i] == number) {
            return entry_values_start + (size_t)i * VALUE_STRIDE;
        }
    }
    return fast_entry(number);
}

void entry_files_forget(void)
{
    for (unsigned i = 0; i < area_count; i++) {
        areas[i]->files = NULL;
    }
}

/* What a call's result says for later ones. */
static void value_learn(struct entry_area *area, uint64_t number, uint64_t result)
{
    for (unsigned i = 0; i < sizeof CHANGERS / sizeof *CHANGERS; i++) {
        if (CHANGERS[i] == number) {
            entry_forget();
            return;
        }
    }
    for (unsigned i = 0; i < ENTRY_VALUES; i++) {
        if (NUMBERS[i] == number && (int64_t)result >= 0) {
            area->value[i] = result;
            area->handler[i] = (uint64_t)(entry_values_start + (size_t)i * VALUE_STRIDE + VALUE_KNOWN);
        }
    }
}

void entry_message(struct entry_area *area, struct user_registers *registers)
{
    *registers = area->registers;
    registers->rip -= SYSCALL_SIZE;
    area->phase = ENTRY_SERVED;
}

bool entry_is_served(const struct entry_area *area)
{
    return area->phase == ENTRY_SERVED;
}

/* The way back restores what the call and the kernel may have changed; the rest is as it was. */
static bool is_plain(const struct user_registers *was, const struct user_registers *is)
{
    return is->rip == was->rip && is->rsp == was->rsp && is->rflags == was->rflags && is->rbp == was->rbp &&
           is->rbx == was->rbx && is->r12 == was->r12 && is->r13 == was->r13 && is->r14 == was->r14;
}

bool entry_answer(struct entry_area *area, const struct user_registers *after)
{
    if (!is_plain(&area->registers, after) || sites_are_disabled()) {
        area->phase = ENTRY_OUTSIDE;
        return false;
    }
    value_learn(area, area->registers.rax, after->rax);
    area->registers.rax = after->rax; /* rip, rcx and r11 are what they are after any call */
    area->phase = ENTRY_ANSWERED;
    return true;
}

void entry_give_up(const struct thread *caller)
{
    if (sites_are_disabled()) {
        return;
    }
    sites_disable();
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        struct user_registers registers;
        bool is_computing = thread->id && thread != caller && !entry_is_served(thread->kernel.area) &&
                            thread->wait == WAIT_NOTHING;
        if (is_computing && kernel_thread_read(&thread->kernel, &registers)) {
            kernel_thread_resume(&thread->kernel, &registers); /* without gs, wherever it was */
        }
    }
}

bool entry_is_between(uint64_t ip, const char *start, const char *end)
{
    return ip >= (uint64_t)start && ip < (uint64_t)end;
}

/* As it was before the call, its registers being in the area. */
void entry_roll_back(const struct entry_area *area, struct user_registers *registers)
{
    *registers = area->registers;
    registers->rip -= SYSCALL_SIZE;
    registers->rcx = registers->rip;
    registers->r11 = registers->rflags;
}

void entry_finish(const struct entry_area *area, struct user_registers *registers)
{
    *registers = area->registers;
    registers->rcx = registers->rip;
    registers->r11 = registers->rflags;
}

/* Its registers are still where they were, but for the stack pointer. */
static void step_back(const struct entry_area *area, struct user_registers *registers)
{
    if (registers->rsp - (uint64_t)area < sizeof *area) {
        registers->rsp = area->registers.rsp;
    }
    registers->rip = registers->rcx - SYSCALL_SIZE;
}

void entry_settle(const struct entry_area *area, struct user_registers *registers)
{
    uint64_t ip = registers->rip;
    if (entry_is_between(ip, entry_values_start, entry_values_end)) {
        if (*(const uint16_t *)ip == JUMP_RCX) {
            registers->rip = registers->rcx;
        } else {
            step_back(area, registers);
        }
    } else if (entry_is_between(ip, entry_start, entry_saved) || entry_is_between(ip, fast_start, fast_started)) {
        step_back(area, registers);
    } else if (entry_is_between(ip, fast_saved, fast_end)) {
        fast_settle(area, registers);
    } else if (entry_is_between(ip, entry_saved, entry_trap) ||
               entry_is_between(ip, selkie_enter, selkie_enter + LIBSEL4_ENTER_SIZE) ||
               (entry_is_between(ip, entry_trap, entry_after + 1) && area->phase != ENTRY_ANSWERED)) {
        entry_roll_back(area, registers);
    } else if (entry_is_between(ip, entry_trap, entry_end)) {
        entry_finish(area, registers);
    }
}
