/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a name and strings to a running program: the search in PATH, scripts, image, stack, thread. The first program
 * comes from the order, later ones from execve(2). environ(7).
 */
#include "container/linux/loader.h"

#include <sel4/sel4.h>

#include "container/linux/file.h"
#include "container/linux/heap.h"
#include "container/linux/host.h"
#include "container/linux/identity.h"
#include "container/linux/open.h"
#include "container/linux/path.h"
#include "container/linux/server.h"
#include "container/linux/space.h"
#include "container/linux/start_directory.h"
#include "container/linux/synthetic.h"
#include "container/linux/terminal.h"
#include "container/linux/vdso_data.h"

enum {
    SCRIPT_LINE = 256,
    SCRIPTS_MAX = 4
};

/* An ELF image that lies in memory: word[0] its address, word[1] its size. */
static long memory_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    uint64_t at = (uint64_t)offset, left = at < file->word[1] ? file->word[1] - at : 0;
    uint64_t count = left < size ? left : size;
    memcpy((void *)to, (const void *)(file->word[0] + at), count);
    return (long)count;
}

static const struct file_kind MEMORY_KIND = {.name = "[embedded]", .read = memory_read};

/* What came along with a command; it may be closed like any file. */
static struct file *stream_open(unsigned index, unsigned flags)
{
    struct object_box box;
    cap_address cap = CONTAINER_SLOT_STREAM + index;
    if (HOST(cap, HOST_OBJECT_KIND, 0, NULL, 0) < 0) {
        return synthetic_console();
    }
    if (!host_object_make(&box)) {
        return NULL;
    }
    if (HOST(cap, HOST_OBJECT_DUPLICATE, box.object, NULL, 0) < 0) {
        host_object_drop(&box);
        return NULL;
    }
    return file_host_make(&box, flags, false);
}

/* The files are duplicates. */
static void streams_drop(void)
{
    log_to(0);
    for (unsigned i = 0; i < CONTAINER_STREAMS; i++) {
        seL4_CNode_Delete(CONTAINER_SLOT_CNODE, CONTAINER_SLOT_STREAM + i, seL4_WordBits);
    }
}

static long standard_files(struct process *process, bool is_command)
{
    static const char *const NAMES[] = {"stdin", "stdout", "stderr"};
    static const unsigned FLAGS[] = {O_RDONLY, O_WRONLY, O_WRONLY};
    for (unsigned i = 0; i < 3; i++) {
        cap_address cap = host_find(NAMES[i]);
        struct file *file = is_command ? stream_open(i, FLAGS[i])
                            : cap      ? file_host_root(cap, FLAGS[i])
                                       : synthetic_console();
        if (!file || descriptor_add(process, file, i, false) != (long)i) {
            return -ENOMEM;
        }
        terminal_set_own(process, file);
    }
    return 0;
}

static const char *environment_find(const struct program *program, const char *name)
{
    const char *at = program->text;
    for (uint32_t i = 0; i < program->argument_count + program->environment_count; i++) {
        if (i >= program->argument_count && strncmp(at, name, strlen(name)) == 0) {
            return at + strlen(name);
        }
        at += strlen(at) + 1;
    }
    return NULL;
}

/* May it be run? For files of the host as their mode says, of others nobody knows. */
static bool may_run(struct file *file)
{
    static struct statx status;
    bool is_known = file->kind->stat && file->kind->stat(file, &status) >= 0;
    return file->is_regular && (!is_known || status.mode & 0111);
}

static long program_open_at(const struct process *process, struct program *program, const char *folder,
                            size_t length, const char *name)
{
    size_t base = strlen(process->directory);
    if (base + length + strlen(name) + 3 > PATH_ROOM) {
        return -ENAMETOOLONG;
    }
    char *path = program->path;
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
    long error = file_open_path(process, path, O_RDONLY, 0, &program->file);
    if (!error && !may_run(program->file)) {
        file_release(program->file);
        program->file = NULL;
        error = -EACCES;
    }
    return error;
}

static long program_open(const struct process *process, struct program *program, const char *name)
{
    return program_open_at(process, program, "", 0, name);
}

/* The program that a shell would find by that name: execvp(3). */
static long program_search(const struct process *process, struct program *program, const char *name)
{
    const char *folders = environment_find(program, "PATH=");
    long result = -ENOENT;
    for (const char *at = name; *at; at++) {
        if (*at == '/') {
            return program_open(process, program, name);
        }
    }
    folders = folders ? folders : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    while (*folders && *name) {
        size_t length = 0;
        while (folders[length] && folders[length] != ':') {
            length++;
        }
        long error = program_open_at(process, program, folders, length, name);
        if (error != -ENOENT && error != -ENOTDIR && error != -EACCES) {
            return error;
        }
        result = error == -EACCES ? error : result;
        folders += length + (folders[length] == ':');
    }
    return result;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "#! interpreter argument": put them before the arguments, the script's path in the first one's place. `name` is
 * that path and becomes the interpreter's. */
static long script_apply(struct program *program, char *line, size_t length, char *name)
{
    size_t at = 2, end, first = strlen(program->text) + 1, path_size = strlen(name) + 1;
    for (end = at; end < length && line[end] != '\n'; end++) {
    }
    while (end > at && is_blank(line[end - 1])) {
        end--;
    }
    while (at < end && is_blank(line[at])) {
        at++;
    }
    size_t word = at;
    while (word < end && !is_blank(line[word])) {
        word++;
    }
    if (word == at || end == length) {
        return -ENOEXEC;
    }
    size_t option = word;
    while (option < end && is_blank(line[option])) {
        option++;
    }
    size_t interpreter_size = word - at + 1, option_size = option < end ? end - option + 1 : 0;
    size_t added = interpreter_size + option_size + path_size;
    if (program->text_size - first + added > program->text_room) {
        return -E2BIG;
    }
    line[word] = line[end] = '\0';
    char *to = program->text;
    memmove(to + added, to + first, program->text_size - first);
    memcpy(to, line + at, interpreter_size);
    memcpy(to + interpreter_size, line + option, option_size);
    memcpy(to + interpreter_size + option_size, name, path_size);
    memcpy(name, line + at, interpreter_size);
    program->text_size = program->text_size - first + added;
    program->argument_count += option_size ? 2 : 1;
    return 0;
}

long program_find(const struct process *process, struct program *program, const char *path, bool must_search)
{
    static char name[PATH_ROOM], line[SCRIPT_LINE + 1];
    if (strlen(path) >= sizeof name) {
        return -ENAMETOOLONG;
    }
    memcpy(name, path, strlen(path) + 1);
    for (unsigned i = 0; i < SCRIPTS_MAX; i++) {
        long error = must_search && i == 0 ? program_search(process, program, name)
                                           : program_open(process, program, name);
        if (error) {
            return error;
        }
        long got = program->file->kind->read(program->file, (uint64_t)line, SCRIPT_LINE, 0);
        if (got < 2 || line[0] != '#' || line[1] != '!') {
            return image_check(process, program->file);
        }
        file_release(program->file);
        program->file = NULL;
        if (must_search) {
            memcpy(name, program->path, strlen(program->path) + 1);
        }
        error = script_apply(program, line, (size_t)got, name);
        if (error) {
            return error;
        }
    }
    return -ELOOP;
}

void program_drop(struct program *program)
{
    if (program->file) {
        file_release(program->file);
    }
    heap_free(program->path, PATH_ROOM);
    heap_free(program->text, program->text_room);
    *program = (struct program){0};
}

static void name_set(struct process *process)
{
    const char *name = process->program;
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

static size_t arguments_size(const struct program *program)
{
    const char *at = program->text;
    for (uint32_t i = 0; i < program->argument_count; i++) {
        at += strlen(at) + 1;
    }
    return (size_t)(at - program->text);
}

/* Of the program itself, or of a script's interpreter. */
static void identity_of_file(struct file *file)
{
    static struct statx status;
    bool is_told = file->kind->stat && file->kind->stat(file, &status) >= 0;
    identity_exec(is_told ? status.mode : 0, status.user, status.group);
}

long program_load(struct process *process, const struct program *program, uint64_t *ip, uint64_t *sp)
{
    struct image image;
    memcpy(process->program, program->path, strlen(program->path) + 1);
    name_set(process);
    long error = image_load(process, program->file, &image);
    if (error) {
        return error;
    }
    identity_of_file(program->file);
    space_set_break(image.end);
    image.vdso = vdso_map();
    *ip = image.start;
    error =
        stack_build(process, &image, program->text, program->argument_count, program->environment_count, sp);
    process_name_tell(process, program->text, arguments_size(program));
    return error;
}

/* What is to be run, and its text. */
struct start {
    const char *text;
    uint32_t argument_count, environment_count;
    bool is_first; /* of the container */
};

static long program_of_start(struct process *process, const struct container_order *order,
                             const struct start *start, struct program *program)
{
    const char *directory = start->text;
    for (uint32_t i = 0; i < start->argument_count + start->environment_count; i++) {
        directory += strlen(directory) + 1;
    }
    start_directory_enter(process, *directory ? directory : "/", start->is_first);
    *program = (struct program){.path = heap_alloc(PATH_ROOM),
                                .text = heap_alloc(CONTAINER_ORDER_SIZE),
                                .text_size = (size_t)(directory - start->text),
                                .text_room = CONTAINER_ORDER_SIZE,
                                .argument_count = start->argument_count,
                                .environment_count = start->environment_count};
    if (!program->path || !program->text) {
        return -ENOMEM;
    }
    memcpy(program->text, start->text, program->text_size);
    if (path_root() || !order->program) {
        return program_find(process, program, program->text, true);
    }
    memcpy(program->path, program->text, strlen(program->text) + 1);
    program->file = file_make(&MEMORY_KIND, O_RDONLY);
    if (!program->file) {
        return -ENOMEM;
    }
    program->file->word[0] = order->program;
    program->file->word[1] = order->program_size;
    return 0;
}

static struct start start_of(const struct container_order *order, const struct container_command *command)
{
    return command ? (struct start){command->text, command->argument_count, command->environment_count, false}
                   : (struct start){order->text, order->argument_count, order->environment_count, true};
}

long program_start(struct process *process, const struct container_order *order,
                   const struct container_command *command)
{
    static struct file_table files;
    struct program program;
    uint64_t ip, sp;
    const struct start start = start_of(order, command);
    log_to(command ? CONTAINER_SLOT_STREAM + 2 : 0);
    path_init(order);
    identity_init(command ? command->user : order->user, command ? command->group : order->group);
    *process = (struct process){.id = server_ready(kernel_server_notification()),
                                .files = &files,
                                .directory = heap_alloc(PATH_ROOM),
                                .program = heap_alloc(PATH_ROOM),
                                .umask = 022};
    if (!process->directory || !process->program || !file_table_init(&files)) {
        return -ENOMEM;
    }
    long error = standard_files(process, command != NULL);
    error = error ? error : program_of_start(process, order, &start, &program);
    error = error ? error : program_load(process, &program, &ip, &sp);
    if (!error) {
        program_drop(&program);
        streams_drop();
        thread_first(process, ip, sp);
    }
    return error;
}
