/* SPDX-License-Identifier: BSD-2-Clause */
/* Where programs start. Images name directories that they do not always have; these are made, in the container's layer. */
#include "container/linux/start_directory.h"

#include "container/linux/open.h"
#include "container/linux/place.h"

enum {
    CANNOT_RUN = 126, /* an exit status */
    MODE = 0755
};

static struct path path;

/* Nothing in a volume: that is somebody else's. */
static long make_below(void *argument, const struct place *place)
{
    (void)argument;
    return place->is_overlay ? place_make_directory(place, MODE) : -ENOENT;
}

/* From the root on; what is there stays as it is. */
static void directories_make(const struct process *process, const char *directory)
{
    static char part[PATH_ROOM];
    for (size_t size = 1; size < PATH_ROOM && directory[size - 1]; size++) {
        if (directory[size] != '/' && directory[size] != '\0') {
            continue;
        }
        memcpy(part, directory, size);
        part[size] = '\0';
        if (path_set(&path, part) == 0) {
            (void)path_do(process, &path, false, make_below, NULL);
        }
    }
}

static long directory_try(struct process *process, const char *directory)
{
    long error = path_set(&path, directory);
    return error ? error : directory_enter(process, &path);
}

void start_directory_enter(struct process *process, const char *directory, bool makes)
{
    memcpy(process->directory, "/", 2);
    long error = path_root() ? directory_try(process, directory) : 0;
    if (error == -ENOENT && makes && overlay_is_on()) {
        directories_make(process, directory);
        error = directory_try(process, directory);
    }
    if (error) {
        log_line("%s: cannot be the working directory: %s", directory, error_text(error));
        process_exit(CANNOT_RUN << 8);
    }
}
