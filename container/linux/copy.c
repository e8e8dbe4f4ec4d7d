/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copy of the personality for a child. Its memory is copied page by page, so that all addresses hold; capabilities
 * of frames and files get the same slots, so that all slots hold. What is not copied is made anew in
 * personality_begin: everything through which the kernel knows a process.
 *
 * Invariant: nothing is allocated between the copying of the heap and that of the image, which SERVER_START does
 * while this thread waits for it.
 */
#include <sel4/sel4.h>

#include "container/linux/clock.h"
#include "container/linux/entry.h"
#include "container/linux/file.h"
#include "container/linux/host.h"
#include "container/linux/overlay.h"
#include "container/linux/page_map.h"
#include "container/linux/process.h"
#include "container/linux/server.h"
#include "container/linux/space.h"
#include "container/linux/usage.h"
#include "container/linux/window.h"

enum {
    FILES = 4096,
    RENEW_TRIES = 10000
};

/* Numbers in pairs on their way to the server. */
static struct {
    enum server_message message;
    uint64_t words[1 + 2 * SERVER_PAIRS];
    unsigned pairs;
    long error;
} batch;

static void batch_begin(enum server_message message, int pid)
{
    batch.message = message;
    batch.words[0] = (uint64_t)pid;
    batch.pairs = 0;
    batch.error = 0;
}

static void batch_send(void)
{
    if (batch.pairs > 0 && !batch.error) {
        batch.error = server_call(batch.message, batch.words, 1 + 2 * batch.pairs, NULL, 0);
    }
    batch.pairs = 0;
}

static void batch_add(uint64_t first, uint64_t second)
{
    if (batch.pairs == SERVER_PAIRS) {
        batch_send();
    }
    batch.words[1 + 2 * batch.pairs] = first;
    batch.words[2 + 2 * batch.pairs] = second;
    batch.pairs++;
}

static void slot_share(uint32_t slot)
{
    uint64_t *last = batch.pairs > 0 ? &batch.words[2 * batch.pairs - 1] : NULL;
    if (last && last[0] + last[1] == slot) {
        last[1]++;
    } else {
        batch_add(slot, 1);
    }
}

static bool files_give(void)
{
    static cap_address caps[FILES] SCRATCH;
    unsigned count = files_caps(caps, FILES);
    for (unsigned i = 0; i < count && i < FILES; i++) {
        slot_share((uint32_t)caps[i]);
    }
    return count <= FILES;
}

static long memory_copy(int pid)
{
    const struct own_page *pages;
    size_t count = own_pages(&pages);
    batch_begin(SERVER_COPY, pid);
    for (size_t i = 0; i < count; i++) {
        batch_add(CONTAINER_PERSONALITY + pages[i].page * PAGE_SIZE, pages[i].frame);
    }
    batch_send();
    return batch.error;
}

long personality_start(long pid, uint64_t sp);
long personality_split(long pid);
extern const char personality_copied[];

/* What is scratch lies at the end of the image, from here on. */
static unsigned char scratch[PAGE_SIZE] __attribute__((section(".bss.scratch.0"), aligned(4096), used));
extern unsigned char _end[];

/* Called by personality_split with the stack that the copy begins with. */
long personality_start(long pid, uint64_t sp)
{
    return SERVER(SERVER_START, (uint64_t)pid, (uint64_t)personality_copied, sp, (uint64_t)scratch,
                  (uint64_t)_end);
}

/* Returns twice, as setjmp does: the copy's 1 comes from the second half, with the registers that were pushed. */
asm(".globl personality_split, personality_copied\n"
    ".hidden personality_split, personality_copied\n"
    "personality_split:\n"
    "    pushq %rbx\n"
    "    pushq %rbp\n"
    "    pushq %r12\n"
    "    pushq %r13\n"
    "    pushq %r14\n"
    "    pushq %r15\n"
    "    movq %rsp, %rsi\n"
    "    subq $8, %rsp\n"
    "    call personality_start\n"
    "    addq $8, %rsp\n"
    "    jmp 1f\n"
    "personality_copied:\n"
    "    movl $1, %eax\n"
    "1:  popq %r15\n"
    "    popq %r14\n"
    "    popq %r13\n"
    "    popq %r12\n"
    "    popq %rbp\n"
    "    popq %rbx\n"
    "    ret\n");

/* What was built gets what it is to have, and begins. */
static long body_fill(int pid, bool has_frames)
{
    long error = 0;
    batch_begin(SERVER_SHARE, pid);
    if (has_frames) {
        error = space_fork(slot_share);
    }
    if (!files_give()) {
        error = -ENFILE;
    }
    batch_send();
    error = error ? error : batch.error;
    error = error ? error : memory_copy(pid);
    error = error ? error : personality_split(pid);
    if (error < 0) {
        (void)SERVER(SERVER_EXIT, (uint64_t)pid, 0); /* it never was, if it is still there */
    }
    return error;
}

long personality_copy(int pid, bool has_frames)
{
    long error = SERVER(SERVER_BUILD, (uint64_t)pid, has_frames);
    return error ? error : body_fill(pid, has_frames);
}

long personality_renew(void)
{
    long pid = SERVER(SERVER_RENEW, 0);
    for (unsigned i = 0; i < RENEW_TRIES && pid == -EAGAIN; i++) {
        seL4_Yield(); /* to others who do the same */
        pid = SERVER(SERVER_RENEW, 0);
    }
    return pid < 0 ? pid : body_fill((int)pid, false);
}

/* The other processes of the personality stay where they are. */
static void others_forget(struct thread *thread)
{
    struct file_table *dropped = NULL;
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *other = &threads[i];
        if (other->id && other->process != thread->process && other->process->files != dropped) {
            dropped = other->process->files;
            file_table_drop(dropped);
        }
    }
    for (unsigned i = 0; i < thread_end; i++) {
        threads[i].kernel = (struct kernel_thread){0};
        if (&threads[i] != thread) {
            file_keep_over(&threads[i]);
            threads[i].id = 0;
            threads[i].wait = WAIT_NOTHING;
        }
    }
    thread_end = thread->index + 1;
    thread_queue_clear();
}

void personality_begin(struct process *process, struct thread *thread, int pid, bool has_frames)
{
    object_fork();
    windows_fork();
    server_fork();
    if (has_frames) {
        pages_forked();
    } else {
        space_abandon();
    }
    thread->process = process;
    others_forget(thread);
    process->id = thread->id = pid;
    process->thread_count = 1;
    process->is_hosted = false;
    usage_begin(process, has_frames);
    process->vfork_thread = NULL;
    if (!kernel_init() || server_ready(kernel_server_notification()) != pid) {
        broken("not enough memory for a process");
    }
    host_fork();
    overlay_fork();
    entry_fork();
    if (!kernel_thread_make(&thread->kernel, thread->index) || !files_fork(pid)) {
        broken("not enough memory for a process");
    }
    file_table_trim(process->files);
    clock_fork();
}
