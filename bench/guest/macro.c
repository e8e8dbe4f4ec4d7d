/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads like those of real systems. Every result is checked: a wrong one ends the image.
 *
 * macro_calls: three address spaces; the root task looks files up, opens, reads and closes them, the file server
 * asks the block server for what its cache lacks. macro_compute: threads that compute and fetch their work from
 * the root task's first thread.
 */
#include "bench/work/compute.h"
#include "guest.h"
#include "roles.h"

/* macro_calls */

enum {
    SIZES = 5,
    READS = 13,
    FILE_OPERATIONS = READS + 3, /* on each file: look up, open, read, close */
    CALLS_COUNT = FILE_COUNT * FILE_OPERATIONS
};

static const seL4_Word read_words[SIZES] = {8, 16, 32, 64, 128};
static seL4_CPtr files;
static struct sel4_util_component file_server, block_server;
static seL4_Word disk[DISK_WORDS]; /* what the files should hold */

/* A page of the root task's that the file server sees, too. */
static void buffer_share(void)
{
    seL4_CPtr frame = sel4_util_object_alloc(&guest_allocator, seL4_X86_4K, 0);
    seL4_CPtr second = sel4_util_cap_mint(&guest_allocator, frame, seL4_AllRights, 0);
    SEL4_UTIL_CHECK(
        sel4_util_map(&guest_allocator, seL4_CapInitThreadVSpace, frame, FILE_BUFFER_VADDR, seL4_ReadWrite));
    SEL4_UTIL_CHECK(
        sel4_util_map(&guest_allocator, file_server.vspace, second, FILE_BUFFER_VADDR, seL4_ReadWrite));
}

static void calls_prepare(void)
{
    seL4_CPtr blocks = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
    files = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
    for (seL4_Word i = 0; i < DISK_WORDS; i++) {
        disk[i] = disk_word(i);
    }
    guest_component_load(&block_server, "blocks");
    guest_component_load(&file_server, "files");
    buffer_share();
    guest_component_start(&block_server, ROLE_BLOCKS, blocks, seL4_CapNull);
    guest_component_start(&file_server, ROLE_FILES, files, blocks);
}

/* Ask with the words that are in the message registers; `answer_words` must come back. */
static void file_ask(enum file_request request, seL4_Word words, seL4_Word answer_words)
{
    seL4_MessageInfo_t answer = seL4_Call(files, seL4_MessageInfo_new(request, 0, 0, words));
    if (seL4_MessageInfo_get_label(answer) || seL4_MessageInfo_get_length(answer) != answer_words) {
        sel4_util_panic("bench: macro_calls: request %u was refused\n", (unsigned)request);
    }
}

static void file_read_check(seL4_Word file, seL4_Word handle, seL4_Word first, seL4_Word count)
{
    bool is_message = count <= FILE_MESSAGE_WORDS;
    seL4_SetMR(0, handle);
    seL4_SetMR(1, first);
    seL4_SetMR(2, count);
    file_ask(FILE_READ, 3, 1 + (is_message ? count : 0));
    const seL4_Word *words = is_message ? &seL4_GetIPCBuffer()->msg[1] : (const seL4_Word *)FILE_BUFFER_VADDR;
    seL4_Word sum = words_checksum(words, count);
    if (sum != seL4_GetMR(0) || sum != words_checksum(&disk[file * FILE_WORDS + first], count)) {
        sel4_util_panic("bench: macro_calls: wrong checksum of file %lu, words %lu and %lu more\n", file,
                        first, count);
    }
}

/* FILE_OPERATIONS of them; `state` chooses where to read. */
static void file_visit(seL4_Word file, seL4_Word *state)
{
    seL4_SetMR(0, file / FILE_DIRECTORY_FILES);
    seL4_SetMR(1, file_name(file));
    file_ask(FILE_LOOKUP, 2, 1);
    if (seL4_GetMR(0) != file) {
        sel4_util_panic("bench: macro_calls: file %lu was found in place of %lu\n", seL4_GetMR(0), file);
    }
    file_ask(FILE_OPEN, 1, 2);
    seL4_Word handle = seL4_GetMR(0);
    seL4_Word length = seL4_GetMR(1);
    for (unsigned i = 0; i < READS; i++) {
        *state = *state * 6364136223846793005 + 1442695040888963407;
        seL4_Word count = read_words[i % SIZES];
        file_read_check(file, handle, (*state >> 33) % (length - count + 1), count);
    }
    seL4_SetMR(0, handle);
    file_ask(FILE_CLOSE, 1, 0);
}

/* Every batch does the same. */
static void calls_repeat(unsigned count)
{
    seL4_Word state = 1;
    for (unsigned i = 0; i < count / FILE_OPERATIONS; i++) {
        file_visit((i * 7 + 3) % FILE_COUNT, &state);
    }
}

static void calls_finish(void)
{
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(file_server.tcb));
    SEL4_UTIL_CHECK(seL4_TCB_Suspend(block_server.tcb));
}

const struct benchmark benchmark_macro_calls = {"macro_calls", calls_prepare, calls_repeat, calls_finish,
                                                CALLS_COUNT};

/* macro_compute */

static struct worker {
    struct sel4_util_thread thread;
    seL4_CPtr jobs;
} workers[COMPUTE_WORKERS];

static seL4_CPtr answers;
static struct compute_space spaces[COMPUTE_WORKERS] __attribute__((aligned(4096)));

static void worker_main(void *argument)
{
    struct worker *worker = argument;
    seL4_Word index = (seL4_Word)(worker - workers);
    for (;;) {
        seL4_Recv(worker->jobs, NULL);
        seL4_SetMR(0, compute_job(&spaces[index], seL4_GetMR(0)));
        seL4_Send(answers, seL4_MessageInfo_new(index, 0, 0, 1));
    }
}

static void compute_prepare(void)
{
    answers = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
    for (unsigned i = 0; i < COMPUTE_WORKERS; i++) {
        workers[i].jobs = sel4_util_object_alloc(&guest_allocator, seL4_EndpointObject, 0);
        SEL4_UTIL_CHECK(sel4_util_thread_start(
            &workers[i].thread, &guest_allocator,
            &(struct sel4_util_thread_config){
                .name = "worker", .entry = worker_main, .argument = &workers[i], .priority = seL4_MaxPrio}));
    }
}

static void job_give(seL4_Word worker, seL4_Word seed)
{
    seL4_SetMR(0, seed);
    seL4_Send(workers[worker].jobs, seL4_MessageInfo_new(0, 0, 0, 1));
}

/* Whoever is done gets the next job. */
static void compute_once(void)
{
    seL4_Word given = 0, sum = 0;
    while (given < COMPUTE_WORKERS) {
        job_give(given, given + 1);
        given++;
    }
    for (unsigned done = 0; done < COMPUTE_JOBS; done++) {
        seL4_MessageInfo_t answer = seL4_Recv(answers, NULL);
        sum += seL4_GetMR(0);
        if (given < COMPUTE_JOBS) {
            job_give(seL4_MessageInfo_get_label(answer), ++given);
        }
    }
    if (sum != COMPUTE_SUM) {
        sel4_util_panic("bench: macro_compute: wrong checksum %lx\n", sum);
    }
}

static void compute_repeat(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        compute_once();
    }
}

static void compute_finish(void)
{
    for (unsigned i = 0; i < COMPUTE_WORKERS; i++) {
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(workers[i].thread.tcb));
    }
}

const struct benchmark benchmark_macro_compute = {"macro_compute", compute_prepare, compute_repeat,
                                                  compute_finish, 1};
