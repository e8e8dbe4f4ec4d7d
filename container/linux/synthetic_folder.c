/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories of /dev, /proc and /sys: what the tables have in them, and what comes and goes. */
#include "container/linux/synthetic_parts.h"

#include "container/linux/identity.h"
#include "container/linux/names.h"
#include "container/linux/path.h"
#include "container/linux/path_text.h"
#include "container/linux/proc.h"

/* What is made up elsewhere, and is of no table. */
static const struct {
    const char *path;
    enum name_type type;
} OTHERS[] = {
    {"/dev/tty", NAME_DEVICE},
    {"/dev/ptmx", NAME_DEVICE},
    {"/dev/pts", NAME_DIRECTORY},
    {"/proc/self/fd", NAME_DIRECTORY},
    {"/proc/self/fdinfo", NAME_DIRECTORY},
    {"/proc/self/task", NAME_DIRECTORY},
    {"/proc/self/comm", NAME_FILE},
    {"/proc/self/oom_score_adj", NAME_FILE},
};

static const char *other_name(unsigned index)
{
    return index < sizeof OTHERS / sizeof *OTHERS ? OTHERS[index].path : NULL;
}

/* Is there a name directly below this folder in `path`? A copy of it; whether it goes on. */
static bool child_of(const char *folder, const char *path, char name[PATH_ROOM], bool *goes_on)
{
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) != 0 || path[length] != '/') {
        return false;
    }
    size_t size = text_component(path + length + 1);
    memcpy(name, path + length + 1, size);
    name[size] = '\0';
    *goes_on = path[length + 1 + size];
    return true;
}

/* How many names of the tables are below this folder; they are added to `file` if it is not NULL. */
static unsigned table_list(const char *folder, struct file *file)
{
    static const struct {
        const char *(*name)(unsigned index);
        enum name_type type;
    } TABLES[] = {
        {device_name, NAME_DEVICE}, {text_name, NAME_FILE}, {other_name, NAME_FILE}, {link_name, NAME_LINK}};
    static char name[PATH_ROOM];
    unsigned count = 0;
    bool goes_on;
    const char *path;
    for (unsigned i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        for (unsigned j = 0; (path = TABLES[i].name(j)); j++) {
            if (!child_of(folder, path, name, &goes_on) || strcmp(path, "/proc/self") == 0) {
                continue;
            }
            count++;
            if (file && !(strcmp(folder, "/proc") == 0 && strcmp(name, "self") == 0)) {
                enum name_type type = TABLES[i].name == other_name ? OTHERS[j].type : TABLES[i].type;
                names_add(file, goes_on ? NAME_DIRECTORY : type, name);
            }
        }
    }
    return count;
}

static void descriptors_list(const struct process *process, enum name_type type, struct file *file)
{
    for (unsigned fd = 0; fd < process->files->room; fd++) {
        if (process->files->descriptor[fd].file) {
            names_add_number(file, type, fd);
        }
    }
}

static void tasks_list(const struct process *process, struct file *file)
{
    for (unsigned i = 0; i < thread_end; i++) {
        if (threads[i].id && threads[i].process == process) {
            names_add_number(file, NAME_DIRECTORY, threads[i].id);
        }
    }
}

/* What comes and goes; false: the folder is none of these. */
static bool moving_list(const struct process *process, const char *folder, struct file *file)
{
    if (strcmp(folder, "/proc") == 0) {
        names_add(file, NAME_LINK, "self");
        proc_list(file);
    } else if (strcmp(folder, "/proc/self/fd") == 0) {
        descriptors_list(process, NAME_LINK, file);
    } else if (strcmp(folder, "/proc/self/fdinfo") == 0) {
        descriptors_list(process, NAME_FILE, file);
    } else if (strcmp(folder, "/proc/self/task") == 0) {
        tasks_list(process, file);
    } else if (strcmp(folder, "/dev") == 0) {
        if (path_has_shm()) {
            names_add(file, NAME_DIRECTORY, "shm");
        }
    } else {
        return proc_task_list(process, folder, file);
    }
    return true;
}

long folder_open(const struct process *process, const char *path, struct file **file)
{
    static char settled[PATH_ROOM];
    memcpy(settled, path, strlen(path) + 1);
    synthetic_settle(process, settled);
    *file = names_make(settled);
    if (!*file) {
        return -ENOMEM;
    }
    bool is_moving = moving_list(process, path, *file);
    if (table_list(path, *file) == 0 && !is_moving) {
        file_release(*file);
        return -ENOENT;
    }
    if (text_is_under(path, "/proc/self")) {
        names_set_owner(*file, identity_user(), identity_group());
    }
    return 0;
}
