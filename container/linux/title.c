/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process is called, for those who list processes: its name, its arguments or what it wrote over them. */
#include "container/linux/identity.h"
#include "container/linux/loader.h"
#include "container/linux/server.h"
#include "container/linux/space.h"

void process_name_set(struct process *process, const char *name)
{
    for (const char *at = name; *at; at++) {
        name = *at == '/' ? at + 1 : name;
    }
    memset(process->name, 0, sizeof process->name);
    for (unsigned i = 0; i < sizeof process->name - 1 && name[i]; i++) {
        process->name[i] = name[i];
    }
}

void process_name_tell(const struct process *process, const char *arguments, size_t size)
{
    size_t count = size < SERVER_ARGUMENTS_SIZE ? size : SERVER_ARGUMENTS_SIZE;
    uint64_t words[2 + (SERVER_NAME_SIZE + SERVER_ARGUMENTS_SIZE) / sizeof(uint64_t)] = {
        (uint64_t)process->id, count};
    memcpy(&words[2], process->name, SERVER_NAME_SIZE);
    memcpy(&words[2 + SERVER_NAME_SIZE / sizeof(uint64_t)], arguments, count);
    (void)server_call(SERVER_NAME, words,
                      (unsigned)(2 + (SERVER_NAME_SIZE + count + sizeof(uint64_t) - 1) / sizeof(uint64_t)),
                      NULL, 0);
    identity_tell(process->id);
}

/* Where the last byte is no zero, a title goes on into the environment, up to its own zero. */
size_t process_title(const struct process *process, char *text, size_t room)
{
    uint64_t start = process->arguments_start, end = process->arguments_end;
    char last = '\0';
    bool is_title = end > start && !user_read(&last, end - 1, 1) && last;
    size_t whole = (is_title ? process->environment_end : end) - start, size = whole < room ? whole : room;
    if (user_read(text, start, size)) {
        return 0;
    }
    for (size_t i = 0; is_title && i < size; i++) {
        if (!text[i]) {
            return i + 1;
        }
    }
    return size;
}

void process_title_tell(const struct process *process)
{
    char text[SERVER_ARGUMENTS_SIZE];
    process_name_tell(process, text, process_title(process, text, sizeof text));
}
