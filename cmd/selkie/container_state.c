/* SPDX-License-Identifier: BSD-2-Clause */
/* The directories of containers. */
#include "container_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "container_tree.h"
#include "host/fd.h"
#include "run/run.h"

enum {
    PATH_SIZE = 4096,
    TRIES = 50,
    STATUS_SIZE = 64, /* as much as a manager writes */
    CANNOT_RUN = 125
};

bool state_path(const char *name, char *path, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int length = state && state[0] == '/' ? snprintf(path, size, "%s/selkie/containers/%s", state, name)
                 : home && home[0] == '/'
                     ? snprintf(path, size, "%s/.local/state/selkie/containers/%s", home, name)
                     : snprintf(path, size, "/tmp/selkie-%u/containers/%s", (unsigned)geteuid(), name);
    return length > 0 && (size_t)length < size;
}

/* A directory and those above it. */
static int directories_make(char *path)
{
    for (char *at = path + 1; *at; at++) {
        if (*at == '/') {
            *at = '\0';
            int error = mkdir(path, S_IRWXU) < 0 ? errno : 0;
            *at = '/';
            if (error && error != EEXIST) {
                return -error;
            }
        }
    }
    return mkdir(path, S_IRWXU) < 0 ? -errno : 0;
}

bool state_lock(int state)
{
    return flock(state, LOCK_EX | LOCK_NB) == 0;
}

/* Somebody may just look whether it is locked. */
static bool state_lock_new(int state)
{
    bool is_locked = state_lock(state);
    for (unsigned i = 0; i < TRIES && !is_locked; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        is_locked = state_lock(state);
    }
    return is_locked;
}

int state_make(const char *name, struct diag *diag)
{
    char path[PATH_SIZE];
    int error = state_path(name, path, sizeof(path)) ? directories_make(path) : -ENAMETOOLONG;
    if (error) {
        return diag_errno(diag, error, "cannot make the directory of container %s", name);
    }
    HOST_FD int state = state_open(name, diag);
    if (state >= 0 && !state_lock_new(state)) { /* somebody has removed it already, or made another one */
        return diag_errno(diag, EBUSY, "cannot lock the directory of container %s", name);
    }
    return state < 0 ? state : fd_take(&state);
}

int state_open(const char *name, struct diag *diag)
{
    char path[PATH_SIZE];
    bool is_short = name[0] && !strchr(name, '/') && name[0] != '.' && state_path(name, path, sizeof(path));
    int fd = is_short ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0 && is_short && errno != ENOENT) {
        return diag_errno(diag, errno, "container %s", name);
    }
    if (fd < 0) {
        diag_add(diag, "no such container: %s", name);
    }
    return fd < 0 ? -ENOENT : fd;
}

/* Is the directory that `state` is open on still the one of this name? */
static bool is_same(int all, const char *name, int state)
{
    struct stat own, other;
    return fstat(state, &own) == 0 && fstatat(all, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Whoever removes one holds the lock of them all, so that nobody makes another of its name in between. */
int state_remove(const char *name, int state, struct diag *diag)
{
    char path[PATH_SIZE];
    HOST_FD int all =
        state_path("", path, sizeof(path)) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = all < 0 || flock(all, LOCK_EX) < 0 ? -errno : 0;
    if (!error && is_same(all, name, state)) {
        error = tree_remove(all, name);
    }
    return error ? diag_errno(diag, error, "cannot remove %s%s", path, name) : 0;
}

int state_config_write(int state, const json_t *config, struct diag *diag)
{
    HOST_FD int fd = openat(state, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 || json_dumpfd(config, fd, JSON_INDENT(2)) < 0) {
        return diag_errno(diag, errno, "cannot write the container's config.json");
    }
    return 0;
}

json_t *state_config_read(int state)
{
    HOST_FD int fd = openat(state, "config.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? NULL : json_loadfd(fd, 0, NULL);
}

void state_how(int state, char how[STATE_HOW_SIZE], long long *ended)
{
    char text[2 * STATE_HOW_SIZE] = "";
    HOST_FD int fd = openat(state, "status", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    how[0] = '\0';
    *ended = 0;
    if (size > 0) {
        text[strcspn(text, "\n")] = '\0';
        (void)snprintf(how, STATE_HOW_SIZE, "%.60s", text);
        (void)sscanf(text + strlen(text) + 1, "ended %lld", ended);
    }
}

int state_status_make(int state)
{
    char nothing[STATUS_SIZE];
    memset(nothing, '\n', sizeof(nothing));
    HOST_FD int fd = openat(state, "status", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool is_good = fd >= 0 && write(fd, nothing, sizeof(nothing)) == (ssize_t)sizeof(nothing) &&
                   lseek(fd, 0, SEEK_SET) == 0 && flock(fd, LOCK_EX) == 0;
    return is_good ? fd_take(&fd) : -1;
}

static bool is_locked(int state, const char *name)
{
    HOST_FD int fd = openat(state, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

enum state_holder state_holder(int state)
{
    char how[STATE_HOW_SIZE];
    long long ended;
    bool is_given = is_locked(state, "status");
    state_how(state, how, &ended); /* it is written before the lock goes */
    return how[0]                  ? STATE_FREE
           : is_given              ? STATE_OF_MANAGER
           : is_locked(state, ".") ? STATE_OF_COMMAND
                                   : STATE_FREE;
}

int state_exit_status(const char *how)
{
    int number;
    if (sscanf(how, "exit %d", &number) == 1) {
        return number;
    }
    if (sscanf(how, "signal %d", &number) == 1) {
        return RUN_SIGNAL + number;
    }
    return how[0] ? CANNOT_RUN : -1;
}

static int is_container(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int state_names(char ***names, struct diag *diag)
{
    char path[PATH_SIZE];
    struct dirent **entries = NULL;
    int count = state_path("", path, sizeof(path)) ? scandir(path, &entries, is_container, alphasort) : 0;
    *names = NULL;
    if (count < 0) {
        return errno == ENOENT ? 0 : diag_errno(diag, errno, "%s", path);
    }
    *names = calloc((size_t)count + 1, sizeof(**names));
    for (int i = 0; i < count; i++) {
        if (*names) {
            (*names)[i] = strdup(entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return *names ? count : diag_errno(diag, ENOMEM, "containers");
}

void state_names_free(char **names, int count)
{
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}
