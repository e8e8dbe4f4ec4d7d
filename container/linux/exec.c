/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execve(2). Everything that may fail is done before anything is lost: strings are copied, the program is found and
 * looked at. Then the other threads end, the address space is emptied and filled anew.
 * A process that is hosted gets a personality of its own first, and goes on there; so does one that shares frames with
 * others.
 */
#include "container/linux/file.h"
#include "container/linux/heap.h"
#include "container/linux/loader.h"
#include "container/linux/page_map.h"
#include "container/linux/process.h"
#include "container/linux/server.h"
#include "container/linux/space.h"

enum {
    FIRST_ROOM = 1 << 14,
    STRING_MOST = 1 << 17,
    ROOM_MOST = 1 << 21
};

static bool text_grow(struct program *program)
{
    size_t room = program->text_room ? 2 * program->text_room : FIRST_ROOM;
    char *more = room <= ROOM_MOST ? heap_alloc(room) : NULL;
    if (!more) {
        return false;
    }
    if (program->text) {
        memcpy(more, program->text, program->text_size);
        heap_free(program->text, program->text_room);
    }
    program->text = more;
    program->text_room = room;
    return true;
}

/* Append one string of the program's. */
static long string_add(struct program *program, uint64_t at)
{
    for (;;) {
        size_t room = program->text_room - program->text_size;
        long length = room ? user_string(program->text + program->text_size, at, room) : -ENAMETOOLONG;
        if (length >= 0) {
            program->text_size += (size_t)length + 1;
            return length < STRING_MOST ? 0 : -E2BIG;
        }
        if (length != -ENAMETOOLONG) {
            return length;
        }
        if (!text_grow(program)) {
            return -E2BIG;
        }
    }
}

/* A list of strings that ends with a null pointer. */
static long strings_add(struct program *program, uint64_t list, uint32_t *count)
{
    for (*count = 0; list; list += sizeof(uint64_t)) {
        uint64_t at;
        long error = user_read(&at, list, sizeof at);
        if (error || !at) {
            return error;
        }
        error = string_add(program, at);
        if (error) {
            return error;
        }
        (*count)++;
    }
    return 0;
}

static long program_read(const struct process *process, struct program *program, const char *path,
                         uint64_t arguments, uint64_t environment)
{
    if (!program_init(program) || !text_grow(program)) {
        return -ENOMEM;
    }
    long error = strings_add(program, arguments, &program->argument_count);
    if (!error && program->argument_count == 0) { /* nobody expects that */
        program->text[0] = '\0';
        program->text_size = 1;
        program->argument_count = 1;
    }
    error = error ? error : strings_add(program, environment, &program->environment_count);
    return error ? error : program_find(process, program, path, false);
}

/* All threads but one, and processes that live here, which lose their memory. */
static void others_end(const struct thread *thread)
{
    for (unsigned i = 0; i < thread_end; i++) {
        struct thread *other = &threads[i];
        if (!other->id || other == thread) {
            continue;
        }
        if (other->process == thread->process) {
            thread_drop(other);
        } else {
            (void)SERVER(SERVER_EXIT, (uint64_t)other->process->id, SIGKILL);
            process_unhost(other->process);
        }
    }
}

static void program_run(struct thread *thread, struct program *program)
{
    struct process *process = thread->process;
    uint64_t ip = 0, sp = 0;
    others_end(thread);
    thread_call_over(thread);
    files_exec(process);
    signal_exec(process, thread);
    thread->id = process->id;
    thread->clear_child_tid = thread->robust_list = thread->fs_base = 0;
    thread->has_saved_mask = false;
    memset(thread->name, 0, sizeof thread->name);
    space_clear();
    long error = program_load(process, program, &ip, &sp);
    if (error) {
        log_line("%s: cannot be run: %s", program->path, error_text(error));
        process_exit(SIGKILL);
    }
    program_drop(program);
    thread->kernel.is_reply_kept = false;
    kernel_thread_start(&thread->kernel, &(struct user_registers){.rip = ip, .rsp = sp, .rflags = 0x202}, 0);
}

/* In a personality of its own from now on. */
static long exec_hosted(struct thread *thread, struct program *program)
{
    struct process *process = thread->process;
    long result = files_share() ? personality_copy(process->id, false) : -ENOMEM;
    if (result == 1) {
        personality_begin(process, thread, process->id, false);
        program_run(thread, program);
        return CALL_WAITS;
    }
    program_drop(program);
    if (result == 0) {
        process_unhost(process);
        return CALL_WAITS;
    }
    return result;
}

/* Frames that others have, too, are left to them, with everything through which this process could get at them. */
static long exec_renewed(struct thread *thread, struct program *program)
{
    long result = personality_renew();
    if (result == 1) {
        personality_begin(thread->process, thread, thread->process->id, false);
        (void)SERVER(SERVER_RENEWED, 0);
        program_run(thread, program);
        return CALL_WAITS;
    }
    program_drop(program);
    return result;
}

long process_exec(struct thread *thread, const char *path, uint64_t arguments, uint64_t environment)
{
    struct program program;
    long error = program_read(thread->process, &program, path, arguments, environment);
    if (error) {
        program_drop(&program);
        return error;
    }
    if (thread->process->is_hosted) {
        return exec_hosted(thread, &program);
    }
    if (!pages_are_alone()) {
        return exec_renewed(thread, &program);
    }
    program_run(thread, &program);
    return CALL_WAITS;
}
