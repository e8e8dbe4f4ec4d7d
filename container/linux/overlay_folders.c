/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which layers show a directory: known from earlier calls, for as long as nobody in the container changed that of any.
 *
 * The upper index has a link `generation`, whose target is another one after each change: directories copied up, removed
 * or renamed. (New ones change nothing that is known: what is not there is not remembered.) While a change is under way
 * the target begins with '!', and nothing is remembered; so a process that is killed then costs time and no more.
 */
#include "container/linux/heap.h"
#include "container/linux/overlay_parts.h"

enum {
    FOLDERS = 128, /* a power of two */
    GENERATION = 48
};

static struct folder {
    char *path; /* NULL: none */
    size_t length;
    bool is_upper, is_lower;
} folders[FOLDERS];

static char generation[GENERATION];
static bool is_known;    /* in this call: `generation` is the present one */
static unsigned changes; /* that are under way here, one in the other */

static const char generation_name[] = "generation";

void folders_begin(void)
{
    is_known = false;
}

static struct folder *place_of(const char *path, size_t length)
{
    uint64_t hash = 14695981039346656037ul;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)path[i]) * 1099511628211ul;
    }
    return &folders[(hash ^ hash >> 32) & (FOLDERS - 1)];
}

static void folder_drop(struct folder *folder)
{
    if (folder->path) {
        heap_free(folder->path, folder->length + 1);
    }
    folder->path = NULL;
}

static void folders_drop(void)
{
    for (unsigned i = 0; i < FOLDERS; i++) {
        folder_drop(&folders[i]);
    }
}

/* Forget all if somebody changed something. */
static void generation_check(void)
{
    static char now[GENERATION];
    if (is_known) {
        return;
    }
    long length = HOST(overlay.upper_index, HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)generation_name,
                       sizeof generation_name - 1, (uint64_t)now, sizeof now - 1);
    now[length > 0 ? length : 0] = '\0';
    if (now[0] == '!' || strcmp(now, generation) != 0) {
        folders_drop();
        memcpy(generation, now, sizeof now);
    }
    is_known = true;
}

static void generation_set(const char *mark)
{
    char work[WORK_NAME];
    work_name(work);
    int length = format_text(generation, sizeof generation, "%s%s", mark, work);
    (void)HOST(overlay.upper_index, HOST_DIRECTORY_SYMLINK, 0, NULL, (uint64_t)work, strlen(work),
               (uint64_t)generation, (uint64_t)length);
    (void)layer_rename(overlay.upper_index, work, overlay.upper_index, generation_name, 0);
}

void folders_change(void)
{
    if (changes++ == 0) {
        generation_set("!");
    }
    folders_drop();
}

void folders_changed(void)
{
    if (--changes == 0) {
        generation_set("");
    }
    folders_drop();
    overlay_forget();
}

size_t folder_find(const char *path, bool *is_upper, bool *is_lower)
{
    generation_check();
    for (size_t length = path_parent_length(path); length > 0;) {
        const struct folder *folder = place_of(path, length);
        if (folder->path && folder->length == length && memcmp(folder->path, path, length) == 0) {
            *is_upper = folder->is_upper;
            *is_lower = folder->is_lower;
            return length;
        }
        while (length > 0 && path[--length] != '/') {
        }
    }
    *is_upper = *is_lower = true;
    return 0;
}

void folder_keep(const char *path, bool is_upper, bool is_lower)
{
    size_t length = strlen(path);
    struct folder *folder = place_of(path, length);
    if (generation[0] == '!') {
        return;
    }
    folder_drop(folder);
    *folder = (struct folder){heap_alloc(length + 1), length, is_upper, is_lower};
    if (folder->path) {
        memcpy(folder->path, path, length + 1);
    }
}
