/* SPDX-License-Identifier: BSD-2-Clause */
/* The way as code, what is known of files, and what becomes of threads that are on the way when that changes. */
#include "container/linux/fast.h"

#include <sel4/sel4.h>
#include <selkie/host_io.h>

#include "container/linux/entry_code.h"
#include "container/linux/epoll_parts.h"
#include "container/linux/sites.h"
#include "container/linux/thread.h"

enum {
    FILES_KNOWN = 1024,
    EVENTS_MOST = 128, /* that epoll_wait tells of at a time */
    NO_SIGNAL = 0x4000,
    NUMBER_READ = 0,
    NUMBER_WRITE = 1,
    NUMBER_SENDTO = 44,
    NUMBER_RECVFROM = 45,
    NUMBER_EPOLL_WAIT = 232,
    NUMBER_EPOLL_PWAIT = 281
};

#define INFO(operation, words) ((uint64_t)(HOST_IO_LABEL + (operation)) << ENTRY_LABEL_SHIFT | (words))

extern const char fast_read[], fast_write[], fast_recvfrom[], fast_sendto[], fast_epoll_wait[], fast_epoll_pwait[],
    fast_transferred[], fast_epoll_pwait_saved[], fast_taken[], fast_slow[], fast_store[], fast_stored[];

/* r11: what is known of the descriptor in rdi. */
#define FIND_FILE                                                                                            \
    "    mov %%gs:%c[files], %%r11\n"                                                                        \
    "    test %%r11, %%r11\n"                                                                                \
    "    jz fast_slow\n"                                                                                     \
    "    mov %%edi, %%edi\n"                                                                                 \
    "    cmp %[known], %%edi\n"                                                                              \
    "    jae fast_slow\n"                                                                                    \
    "    shl $4, %%rdi\n"                                                                                    \
    "    add %%rdi, %%r11\n"

void fast_start_code(void);
void fast_code(void);

/* In three parts, which fast_settle tells apart. First, registers are being saved. */
__attribute__((naked, used)) void fast_start_code(void)
{
    asm volatile(".globl fast_start, fast_started, fast_read, fast_write, fast_recvfrom, fast_sendto\n"
                 ".globl fast_epoll_wait, fast_epoll_pwait\n"
                 ".balign 64\n"
                 "fast_start:\n"
                 "fast_read:\n" ENTRY_SAVE("") "    jmp fast_read_saved\n"
                 "fast_write:\n" ENTRY_SAVE("") "    jmp fast_write_saved\n"
                 "fast_recvfrom:\n" ENTRY_SAVE("") "    jmp fast_recvfrom_saved\n"
                 "fast_sendto:\n" ENTRY_SAVE("") "    jmp fast_sendto_saved\n"
                 "fast_epoll_pwait:\n" ENTRY_SAVE("") "    jmp fast_epoll_pwait_saved\n"
                 "fast_epoll_wait:\n" ENTRY_SAVE("") "    jmp fast_epoll_wait_saved\n"
                 "fast_started:\n"
                 :
                 : ENTRY_OFFSETS);
}

/* Then the invocation is being prepared, or the call is left to the personality. Then the invocation's result is in
 * r10, its message info in rsi, and rbx says whether a result of nothing will do; a thread that came by a jump may
 * also stand in front of the padding then. */
__attribute__((naked, used)) void fast_code(void)
{
    asm volatile(
        ".globl fast_saved, fast_transferred, fast_epoll_pwait_saved, fast_taken, fast_slow, fast_store\n"
        ".globl fast_transfer_after, fast_take_after, fast_stored, fast_end, fast_read_saved, fast_write_saved, fast_recvfrom_saved\n"
        ".globl fast_sendto_saved, fast_epoll_wait_saved\n"
        ".balign 64\n"
        "fast_saved:\n"
        "fast_recvfrom_saved:\n" /* no flags, no address */
        "    or %%r8, %%r10\n"
        "    jnz fast_slow\n"
        "    mov $1, %%r9d\n" /* only of sockets */
        "    jmp 1f\n"
        "fast_read_saved:\n"
        "    xor %%r9d, %%r9d\n"
        "1:"
        "    movabs %[read_info], %%r15\n"
        "    mov %[read], %%ebx\n"
        "    jmp 2f\n"
        "fast_sendto_saved:\n"
        "    and %[signal_flag], %%r10\n"
        "    or %%r8, %%r10\n"
        "    jnz fast_slow\n"
        "    mov $1, %%r9d\n"
        "    jmp 1f\n"
        "fast_write_saved:\n"
        "    xor %%r9d, %%r9d\n"
        "1:"
        "    movabs %[write_info], %%r15\n"
        "    mov %[write], %%ebx\n"
        "2:\n" FIND_FILE
        "    mov (%%r11, %%rbx), %%edi\n"
        "    test %%edi, %%edi\n"
        "    jz fast_slow\n"
        "    lea -1(%%rdx), %%rcx\n" /* none is the personality's matter */
        "    cmp %[bytes], %%rcx\n"
        "    jae fast_slow\n"
        "    movzwl %c[is_socket](%%r11), %%ecx\n"
        "    cmp %%r9d, %%ecx\n"
        "    jb fast_slow\n"
        "    movzwl %c[is_nonblocking](%%r11), %%ebx\n"
        "    mov %%rsi, %%r10\n"
        "    mov %%rdx, %%r8\n"
        "    mov $-1, %%r9\n"
        "    mov %%r15, %%rsi\n"
        "    mov %[whole], %%r15d\n"
        "    mov %[call], %%rdx\n"
        "    lea fast_transfer_after(%%rip), %%r11\n"
        "    jmp selkie_enter\n" /* into the kernel, or to the next instruction */
        "    syscall\n"
        "fast_transferred:\n"
        "    nopl (%%rax)\n"
        "fast_transfer_after:\n"
        "    mov %%rsi, %%rcx\n"
        "    shr %[label_shift], %%rcx\n"
        "    jnz fast_slow\n"
        "    test %%r10, %%r10\n"
        "    jns fast_store\n"
        "    cmp %[fault], %%r10\n"
        "    je fast_slow\n"
        "    cmp %[pipe], %%r10\n"
        "    je fast_slow\n"
        "    cmp %[interrupted], %%r10\n"
        "    je fast_slow\n"
        "    cmp %[again], %%r10\n"
        "    jne fast_store\n"
        "    test %%ebx, %%ebx\n"
        "    jnz fast_store\n"
        "    jmp fast_slow\n"

        "fast_epoll_pwait_saved:\n" /* no signal mask */
        "    test %%r8, %%r8\n"
        "    jnz fast_slow\n"
        "fast_epoll_wait_saved:\n"
        FIND_FILE
        "    mov %c[epoll](%%r11), %%edi\n"
        "    test %%edi, %%edi\n"
        "    jz fast_slow\n"
        "    test %%edx, %%edx\n"
        "    jle fast_slow\n"
        "    mov %[events], %%ecx\n"
        "    cmp %%ecx, %%edx\n"
        "    cmovg %%ecx, %%edx\n"
        "    lea (%%rdx, %%rdx, 2), %%r8\n"
        "    shl $2, %%r8\n"
        "    xor %%ebx, %%ebx\n"
        "    test %%r10d, %%r10d\n"
        "    setz %%bl\n"
        "    mov %%rsi, %%r10\n"
        "    movabs %[take_info], %%rsi\n"
        "    mov %[call], %%rdx\n"
        "    lea fast_take_after(%%rip), %%r11\n"
        "    jmp selkie_enter\n"
        "    syscall\n"
        "fast_taken:\n"
        "    nopl (%%rax)\n"
        "fast_take_after:\n"
        "    mov %%rsi, %%rcx\n"
        "    shr %[label_shift], %%rcx\n"
        "    jnz fast_slow\n"
        "    test %%r10, %%r10\n"
        "    js fast_slow\n"
        "    jnz fast_store\n"
        "    test %%ebx, %%ebx\n"
        "    jnz fast_store\n"

        "fast_slow:\n"
        "    mov %%gs:%c[stack], %%rsp\n"
        "    lea -8(%%rsp), %%rsp\n"
        "    popfq\n"
        "    jmp entry_saved\n"

        "fast_store:\n"
        "    mov %%r10, %%gs:%c[rax]\n"
        "fast_stored:\n"
        "    movq %[answered], %%gs:%c[phase]\n"
        "    mov %%gs:%c[stack], %%rsp\n"
        "    lea -8(%%rsp), %%rsp\n"
        "    popfq\n"
        "    jmp entry_after\n"
        "fast_end:\n"
        :
        : ENTRY_OF(rax), [stack] "i"(offsetof(struct entry_area, stack)),
          [phase] "i"(offsetof(struct entry_area, phase)), [files] "i"(offsetof(struct entry_area, files)), [known] "i"(FILES_KNOWN),
          [read] "i"(offsetof(struct fast_file, read)), [write] "i"(offsetof(struct fast_file, write)),
          [is_nonblocking] "i"(offsetof(struct fast_file, is_nonblocking)),
          [is_socket] "i"(offsetof(struct fast_file, is_socket)),
          [epoll] "i"(offsetof(struct fast_file, epoll)), [bytes] "i"(HOST_IO_BYTES), [events] "i"(EVENTS_MOST),
          [read_info] "i"(INFO(HOST_FILE_READ, 4)), [write_info] "i"(INFO(HOST_FILE_WRITE, 4)),
          [take_info] "i"(INFO(HOST_EPOLL_TAKE, 2)), [whole] "i"(HOST_IO_WHOLE), [call] "i"(seL4_SysCall),
          [label_shift] "i"(ENTRY_LABEL_SHIFT), [again] "i"(-EAGAIN), [fault] "i"(-EFAULT), [pipe] "i"(-EPIPE),
          [interrupted] "i"(-EINTR), [signal_flag] "i"(~NO_SIGNAL), [answered] "i"(ENTRY_ANSWERED));
}

_Static_assert(sizeof(struct fast_file) == 16, "as the code scales descriptors");
_Static_assert(sizeof(struct epoll_event) == 12, "as the code scales events");

/* Is this result the call's, or must the personality make the call anew? As the code decides. */
static bool is_final(bool is_take, int64_t result, bool may_be_nothing)
{
    if (result == (is_take ? 0 : -EAGAIN)) {
        return may_be_nothing;
    }
    return result >= 0 || (!is_take && result != -EFAULT && result != -EPIPE && result != -EINTR);
}

void fast_settle(const struct entry_area *area, struct user_registers *registers)
{
    uint64_t ip = registers->rip;
    int64_t result = (int64_t)registers->r10;
    bool is_taken = entry_is_between(ip, fast_taken, fast_slow);
    bool is_decided = entry_is_between(ip, fast_store, fast_stored);
    bool is_answered = is_taken || entry_is_between(ip, fast_transferred, fast_epoll_pwait_saved);
    if (entry_is_between(ip, fast_stored, fast_end)) {
        entry_finish(area, registers);
    } else if (is_decided || (is_answered && registers->rsi >> ENTRY_LABEL_SHIFT == 0 &&
                              is_final(is_taken, result, registers->rbx != 0))) {
        entry_finish(area, registers);
        registers->rax = (uint64_t)result;
    } else {
        entry_roll_back(area, registers);
    }
}

const void *fast_entry(unsigned number)
{
    switch (number) {
    case NUMBER_READ:
        return fast_read;
    case NUMBER_WRITE:
        return fast_write;
    case NUMBER_SENDTO:
        return fast_sendto;
    case NUMBER_RECVFROM:
        return fast_recvfrom;
    case NUMBER_EPOLL_WAIT:
        return fast_epoll_wait;
    case NUMBER_EPOLL_PWAIT:
        return fast_epoll_pwait;
    default:
        return NULL;
    }
}

/* What is known of the files of this table. */
static struct fast_file known[FILES_KNOWN];
static const struct file_table *the_table;

/* Threads on the way may have read what is no longer so: they begin anew. */
static void others_settle(void)
{
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *thread = &threads[i];
        if (thread->id && thread != thread_current && thread->wait == WAIT_NOTHING &&
            !entry_is_served(thread->kernel.area)) {
            kernel_thread_settle(&thread->kernel);
        }
    }
}

static bool is_known(const struct fast_file *file)
{
    return file->read || file->write || file->epoll;
}

void fast_forget(const struct file_table *table, uint64_t fd)
{
    if (table == the_table && fd < FILES_KNOWN && is_known(&known[fd])) {
        known[fd] = (struct fast_file){0};
        others_settle();
    }
}

void fast_forget_file(const struct file *file)
{
    bool is_any = false;
    for (unsigned fd = 0; the_table && fd < FILES_KNOWN && fd < the_table->room; fd++) {
        if (the_table->descriptor[fd].file == file && is_known(&known[fd])) {
            known[fd] = (struct fast_file){0};
            is_any = true;
        }
    }
    if (is_any) {
        others_settle();
    }
}

void fast_forget_all(void)
{
    memset(known, 0, sizeof known);
    others_settle();
}

void fast_reset(void)
{
    memset(known, 0, sizeof known);
    the_table = NULL;
}

void fast_table_drop(const struct file_table *table)
{
    if (table == the_table) {
        fast_forget_all();
        entry_files_forget();
        the_table = NULL;
    }
}

/* Threads with another table, of a process that is hosted or was, know nothing from then on. */
static void table_take(const struct file_table *table)
{
    if (the_table != table) {
        fast_table_drop(the_table);
        the_table = table;
    }
}

void fast_learn(const struct thread *thread)
{
    uint64_t fd = (uint32_t)thread->call.argument[0];
    if (fd >= FILES_KNOWN || thread->kept_file || !fast_entry((unsigned)thread->call.number) ||
        sites_are_disabled()) {
        return;
    }
    const struct file *file = file_of(thread->process, fd);
    if (!file) {
        return;
    }
    unsigned access = file->flags & (O_ACCMODE | O_PATH);
    bool is_nonblocking = file->flags & O_NONBLOCK;
    uint32_t stream = epoll_leaves_alone(file) ? (uint32_t)file_host_stream(file) : 0;
    table_take(thread->process->files);
    thread->kernel.area->files = known;
    known[fd] = (struct fast_file){
        .read = access == O_RDONLY || access == O_RDWR ? stream : 0,
        .write = is_nonblocking && (access == O_WRONLY || access == O_RDWR) ? stream : 0, /* else all must be moved */
        .is_nonblocking = is_nonblocking,
        .is_socket = file_host_is_socket(file),
        .epoll = (uint32_t)epoll_cap(file),
    };
}
