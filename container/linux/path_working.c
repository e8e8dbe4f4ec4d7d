/* SPDX-License-Identifier: BSD-2-Clause */
/* The working directory, and what becomes of it and of other known paths when directories are renamed or removed. */
#include "container/linux/path.h"
#include "container/linux/path_text.h"
#include "container/linux/synthetic.h"

static struct file *working; /* the working directory, if it was opened */

const struct file *path_working(void)
{
    return working;
}

void path_enter(struct process *process, const struct path *path, struct file *file)
{
    size_t length = strlen(path->text);
    memcpy(process->directory, path->text, length + 1);
    if (length > 1 && process->directory[length - 1] == '/') {
        process->directory[length - 1] = '\0';
    }
    if (synthetic_covers(process->directory)) {
        synthetic_settle(process, process->directory);
    }
    if (file) {
        file_hold(file);
    }
    if (working) {
        file_release(working);
    }
    working = file;
}

bool path_working_is_gone(void)
{
    static struct statx status;
    return working && working->kind->stat && working->kind->stat(working, &status) >= 0 && !status.links;
}

/* `text` with `new` in place of the `old` at its beginning, if it is there. */
static bool text_rename(char to[PATH_ROOM], const char *text, const char *old, const char *new)
{
    size_t old_length = strlen(old), new_length = strlen(new);
    if (!text_is_under(text, old) || new_length + strlen(text) - old_length + 1 > PATH_ROOM) {
        return false;
    }
    memcpy(to, new, new_length);
    memcpy(to + new_length, text + old_length, strlen(text) - old_length + 1);
    return true;
}

static void file_renamed(struct file *file, const char *old, const char *new)
{
    static char text[PATH_ROOM];
    if (file && file->path && text_rename(text, file->path, old, new)) {
        file_set_path(file, text);
    }
}

void path_renamed(struct process *process, const struct path *old, const struct path *new)
{
    static char text[PATH_ROOM];
    if (text_rename(text, process->directory, old->text, new->text)) {
        memcpy(process->directory, text, strlen(text) + 1);
    }
    for (unsigned i = 0; i < process->files->room; i++) {
        file_renamed(process->files->descriptor[i].file, old->text, new->text);
    }
    file_renamed(process->program, old->text, new->text);
    file_renamed(working, old->text, new->text);
}
