/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking and answering. Who asks lets other personalities run until the answer is there; a process that computes is
 * interrupted for it, one whose personality is busy for long is not waited for.
 */
#include "container/linux/question.h"

#include <sel4/sel4.h>

#include "container/linux/identity.h"
#include "container/linux/kernel.h"
#include "container/linux/names.h"
#include "container/linux/proc.h"
#include "container/linux/server.h"
#include "container/linux/synthetic_parts.h"

enum {
    TRIES = 640,
    OFTEN = 16,
    LINK = 'l',
    FILE_OR_FOLDER = 'f',
    HEAD = 4
};

struct part {
    uint64_t kind, size;
    char text[SERVER_PART_SIZE];
};

/* Own files that others see only if they are the same user, or root: as if by ptrace(2). */
static bool is_private(const char *name)
{
    static const char *const NAMES[] = {"auxv", "cwd",  "environ", "exe",   "fd",          "fdinfo",
                                        "io",   "maps", "root",    "smaps", "smaps_rollup"};
    bool is = false;
    name = proc_name_common(name);
    for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES && !is; i++) {
        size_t length = strlen(NAMES[i]);
        is = strncmp(name, NAMES[i], length) == 0 && (!name[length] || name[length] == '/');
    }
    return is;
}

/* Other personalities; now and then programs, too, since a personality whose turn is over stands in their line. Nothing is
 * half done here that threads of this process could see: a path was read, and nothing was opened yet. */
static void others_run(unsigned tries)
{
    if (tries % OFTEN == OFTEN - 1) {
        kernel_give_way();
    } else {
        seL4_Yield();
    }
}

static long question_put(int pid, const char *name, bool is_link)
{
    uint64_t words[2 + SERVER_QUESTION_SIZE / sizeof(uint64_t)] = {(uint64_t)pid, strlen(name) + 2};
    char *text = (char *)&words[2];
    if (words[1] > SERVER_QUESTION_SIZE) {
        return -ENOENT;
    }
    text[0] = is_link ? LINK : FILE_OR_FOLDER;
    memcpy(text + 1, name, words[1] - 1);
    long number = -EAGAIN;
    for (unsigned i = 0; i < TRIES && number == -EAGAIN; i++) {
        number = server_call(SERVER_QUESTION, words, sizeof words / sizeof *words, NULL, 0);
        if (number == -EAGAIN) {
            others_run(i);
        }
    }
    return number < 0 ? -ENODATA : number;
}

/* The next part of the answer, from `from` on: its bytes. */
static long part_get(long number, uint64_t from, struct part *part)
{
    const uint64_t words[] = {(uint64_t)number, from};
    long count = -EAGAIN;
    for (unsigned i = 0; i < TRIES && count == -EAGAIN; i++) {
        count = server_call(SERVER_ANSWER_TAKE, words, 2, (uint64_t *)part, sizeof *part / sizeof(uint64_t));
        if (count == -EAGAIN) {
            others_run(i);
        }
    }
    return count < 0 || count > SERVER_PART_SIZE ? -ENODATA : count;
}

long question_ask(int pid, const char *name, bool is_link, struct file **text)
{
    static struct part part;
    long number = question_put(pid, name, is_link);
    long count = number < 0 ? number : part_get(number, 0, &part);
    if (count < 0) {
        return count;
    }
    long kind = (long)part.kind;
    if (kind <= 0 || kind > ANSWER_NAMES) {
        return kind < 0 && kind > -4096 ? kind : -ENODATA;
    }
    uint64_t size = part.size, done = (uint64_t)count;
    long error = synthetic_text(part.text, (size_t)count, text);
    while (!error && done < size && count > 0) {
        count = part_get(number, done, &part);
        if (count > 0) {
            text_add(*text, part.text, (size_t)count);
            done += (uint64_t)count;
        }
    }
    return error ? error : kind;
}

static bool part_put(uint64_t number, long kind, bool is_last, const char *text, size_t size)
{
    uint64_t words[HEAD + SERVER_PART_SIZE / sizeof(uint64_t)] = {number, (uint64_t)kind, is_last, size};
    memcpy(&words[HEAD], text, size);
    unsigned count = (unsigned)(HEAD + (size + sizeof(uint64_t) - 1) / sizeof(uint64_t));
    return server_call(SERVER_ANSWER, words, count, NULL, 0) >= 0;
}

static void text_put(uint64_t number, long kind, const char *text, size_t size)
{
    bool goes_on = true;
    do {
        size_t count = size < SERVER_PART_SIZE ? size : SERVER_PART_SIZE;
        size -= count;
        goes_on = part_put(number, kind, size == 0, text, count);
        text += count;
    } while (goes_on && size > 0);
}

static void link_put(uint64_t number, const struct process *process, const char *path)
{
    static char target[PATH_ROOM];
    long length = synthetic_link(process, path, target);
    text_put(number, length < 0 ? length : ANSWER_LINK, target, length < 0 ? 0 : (size_t)length);
}

static void file_put(uint64_t number, const struct process *process, const char *path)
{
    static char read[SERVER_PART_SIZE];
    struct file *file;
    size_t size;
    long error = descriptor_number(path) >= 0 ? -EACCES : synthetic_open(process, path, O_RDONLY, &file);
    if (error) {
        text_put(number, error, "", 0);
        return;
    }
    const char *text = text_read_all(file, &size), *names = text ? NULL : names_text(file, &size);
    if (text || names) {
        text_put(number, text ? ANSWER_TEXT : ANSWER_NAMES, text ? text : names, size);
    } else {
        long got = file->kind->read ? file->kind->read(file, (uint64_t)read, sizeof read, 0) : -EACCES;
        text_put(number, got < 0 ? got : ANSWER_TEXT, read, got < 0 ? 0 : (size_t)got);
    }
    file_release(file);
}

/* The personality's own; nobody asks a hosted one. */
static const struct process *process_own(void)
{
    const struct process *own = NULL;
    for (unsigned i = 0; i < thread_end && !own; i++) {
        own = threads[i].id && !threads[i].process->is_hosted ? threads[i].process : NULL;
    }
    return own;
}

void question_answer(void)
{
    static char path[SERVER_QUESTION_SIZE + 16];
    struct {
        uint64_t asker, size;
        char text[SERVER_QUESTION_SIZE];
    } question;
    uint64_t nothing = 0;
    long number = server_call(SERVER_QUESTION_TAKE, &nothing, 1, (uint64_t *)&question,
                              sizeof question / sizeof(uint64_t));
    const struct process *process = process_own();
    if (number < 0) {
        return;
    }
    question.text[SERVER_QUESTION_SIZE - 1] = '\0';
    const char *name = question.text + 1;
    uint32_t user = (uint32_t)question.asker;
    format_text(path, sizeof path, "/proc/self/%s", name);
    if (!process) {
        text_put((uint64_t)number, -ESRCH, "", 0);
    } else if (is_private(name) && user != 0 && user != identity_user()) {
        text_put((uint64_t)number, -EACCES, "", 0);
    } else if (question.text[0] == LINK) {
        link_put((uint64_t)number, process, path);
    } else {
        file_put((uint64_t)number, process, path);
    }
}
