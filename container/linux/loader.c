/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the order to a running program: standard files, the search in PATH, scripts, image, stack, thread.
 * execve(2), environ(7).
 */
#include "container/linux/loader.h"

#include "container/linux/file.h"
#include "container/linux/heap.h"
#include "container/linux/host.h"
#include "container/linux/open.h"
#include "container/linux/path.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"
#include "container/linux/vdso_data.h"

enum {
    SCRIPT_LINE = 256,
    SCRIPTS_MAX = 4,
    TEXT_ROOM = CONTAINER_ORDER_PAGES * 4096
};

/* What will be on the stack: changed when a script names an interpreter. */
static char text[TEXT_ROOM];
static uint32_t argument_count;
static size_t text_size;

/* An ELF image that lies in memory: word[0] its address, word[1] its size. */
static long memory_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    uint64_t at = (uint64_t)offset, left = at < file->word[1] ? file->word[1] - at : 0;
    uint64_t count = left < size ? left : size;
    memcpy((void *)to, (const void *)(file->word[0] + at), count);
    return (long)count;
}

static const struct file_kind MEMORY_KIND = {.name = "[embedded]", .read = memory_read};

static long standard_files(struct process *process)
{
    static const char *const NAMES[] = {"stdin", "stdout", "stderr"};
    static const unsigned FLAGS[] = {O_RDONLY, O_WRONLY, O_WRONLY};
    for (unsigned i = 0; i < 3; i++) {
        cap_address cap = host_find(NAMES[i]);
        struct file *file = cap ? file_host_root(cap, FLAGS[i]) : synthetic_console();
        if (!file || descriptor_add(process, file, i, false) != (long)i) {
            return -ENOMEM;
        }
    }
    return 0;
}

static const char *environment_find(const struct container_order *order, const char *name)
{
    const char *at = order->text;
    for (uint32_t i = 0; i < order->argument_count + order->environment_count; i++) {
        if (i >= order->argument_count && strncmp(at, name, strlen(name)) == 0) {
            return at + strlen(name);
        }
        at += strlen(at) + 1;
    }
    return NULL;
}

static long program_open_at(struct process *process, const char *folder, size_t length, const char *name,
                            struct file **file)
{
    size_t base = strlen(process->directory);
    if (base + length + strlen(name) + 3 > PATH_ROOM) {
        return -ENAMETOOLONG;
    }
    char *path = process->program;
    size_t at = 0;
    if ((length ? folder[0] : name[0]) != '/') {
        memcpy(path, process->directory, base);
        at = base;
        path[at++] = '/';
    }
    memcpy(path + at, folder, length);
    at += length;
    if (length) {
        path[at++] = '/';
    }
    memcpy(path + at, name, strlen(name) + 1);
    long error = file_open_path(process, path, O_RDONLY, 0, file);
    return !error && !(*file)->is_regular ? (file_release(*file), -EACCES) : error;
}

/* The program that the first argument names. */
static long program_open(struct process *process, const struct container_order *order, const char *name,
                         struct file **file)
{
    const char *folders = environment_find(order, "PATH=");
    long result = -ENOENT;
    for (const char *at = name; *at; at++) {
        if (*at == '/') {
            return program_open_at(process, "", 0, name, file);
        }
    }
    folders = folders ? folders : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    while (*folders && result == -ENOENT) {
        size_t length = 0;
        while (folders[length] && folders[length] != ':') {
            length++;
        }
        result = program_open_at(process, folders, length, name, file);
        folders += length + (folders[length] == ':');
    }
    return result;
}

/* "#! interpreter argument": put them before the arguments, the script's path in the first one's place. */
static long script_apply(struct process *process, const char *line, size_t length)
{
    static char words[SCRIPT_LINE + PATH_ROOM + 4];
    size_t at = 2, size = 0, first = strlen(text) + 1;
    uint32_t count = 0;
    while (at < length && (line[at] == ' ' || line[at] == '\t')) {
        at++;
    }
    for (; at < length && line[at] != '\n'; at++) {
        bool is_gap = count == 0 && (line[at] == ' ' || line[at] == '\t');
        words[size++] = is_gap ? '\0' : line[at];
        if (is_gap) {
            count++;
            while (at + 1 < length && (line[at + 1] == ' ' || line[at + 1] == '\t')) {
                at++;
            }
        }
    }
    if (size == 0) {
        return -ENOEXEC;
    }
    words[size++] = '\0';
    count++;
    memcpy(words + size, process->program, strlen(process->program) + 1);
    size += strlen(process->program) + 1;
    if (text_size - first + size > sizeof text) {
        return -E2BIG;
    }
    memmove(text + size, text + first, text_size - first);
    memcpy(text, words, size);
    text_size = text_size - first + size;
    argument_count += count;
    return 0;
}

static long program_find(struct process *process, const struct container_order *order, struct file **file)
{
    if (!path_root() && order->program) {
        *file = file_make(&MEMORY_KIND, O_RDONLY);
        if (!*file) {
            return -ENOMEM;
        }
        (*file)->word[0] = order->program;
        (*file)->word[1] = order->program_size;
        return 0;
    }
    for (unsigned i = 0; i < SCRIPTS_MAX; i++) {
        static char line[SCRIPT_LINE];
        long error = program_open(process, order, text, file);
        if (error) {
            return error;
        }
        long got = (*file)->kind->read(*file, (uint64_t)line, sizeof line, 0);
        if (got < 2 || line[0] != '#' || line[1] != '!') {
            return 0;
        }
        file_release(*file);
        error = script_apply(process, line, (size_t)got);
        if (error) {
            return error;
        }
    }
    return -ELOOP;
}

static void name_set(struct process *process)
{
    const char *name = process->program;
    for (const char *at = name; *at; at++) {
        name = *at == '/' ? at + 1 : name;
    }
    for (unsigned i = 0; i < sizeof process->name - 1 && name[i]; i++) {
        process->name[i] = name[i];
    }
}

long program_start(struct process *process, const struct container_order *order)
{
    static struct file_table files;
    struct file *file;
    struct image image;
    uint64_t sp;
    path_init();
    *process = (struct process){
        .files = &files, .directory = heap_alloc(PATH_ROOM), .program = heap_alloc(PATH_ROOM), .umask = 022};
    if (!process->directory || !process->program || !file_table_init(&files)) {
        return -ENOMEM;
    }
    memcpy(text, order->text, order->text_size);
    argument_count = order->argument_count;
    const char *directory = order->text;
    for (uint32_t i = 0; i < order->argument_count + order->environment_count; i++) {
        directory += strlen(directory) + 1;
    }
    text_size = (size_t)(directory - order->text);
    memcpy(process->directory, *directory ? directory : "/", strlen(directory) + 1 + !*directory);
    memcpy(process->program, text, strlen(text) + 1);
    long error = standard_files(process);
    error = error ? error : program_find(process, order, &file);
    error = error ? error : image_load(process, file, &image);
    if (error) {
        return error;
    }
    file_release(file);
    name_set(process);
    space_set_break(image.end);
    image.vdso = vdso_map();
    error = stack_build(process, &image, text, argument_count, order->environment_count, &sp);
    if (!error) {
        thread_first(process, image.start, sp);
    }
    return error;
}
