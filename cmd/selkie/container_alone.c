/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selkie container run --alone`: one container in a run of its own, on a processor of its own.
 *
 * The run's root task is the container manager, which gets its order and a place for the result as files, and what
 * the container gets of the host. The run is a child process, whose console and messages are kept: they are shown
 * when the program inside did not end by itself.
 */
#include "container_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_shm.h"
#include "container_state.h"
#include "grants.h"
#include "host/fd.h"
#include "host/process.h"
#include "run/run.h"
#include "run/say.h"

enum {
    CANNOT_RUN = 125,
    STATUS_SIZE = 64
};

/* Of the whole run: the container's lies in it in powers of two. */
#define ALONE_MEMORY (4ull << 30)

/* What grants point at: the root's layers, /dev/shm and the volumes. */
static char *paths[5 + CONTAINER_VOLUMES];

static bool path_grant(struct run_options *run, const char *name, const char *path, bool is_read_only)
{
    size_t size = strlen(name) + strlen(path) + sizeof("=:ro");
    char *text = malloc(size);
    paths[run->grant_count] = text;
    if (!text) {
        say("out of memory");
        return false;
    }
    (void)snprintf(text, size, "%s=%s%s", name, path, is_read_only ? ":ro" : ":rw");
    return grant_path(run, HOST_DIRECTORY, text);
}

static bool layer_grant(struct run_options *run, const char *name, int fd, bool is_read_only)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path_grant(run, name, path, is_read_only);
}

static bool root_grant(struct run_options *run, const struct container_options *options,
                       const struct container_root *root)
{
    if (root->upper < 0) {
        return path_grant(run, "rootfs", options->rootfs, options->is_rootfs_read_only);
    }
    return layer_grant(run, "rootfs", root->lower, true) &&
           (root->lower_index < 0 || layer_grant(run, "rootfs-index", root->lower_index, true)) &&
           layer_grant(run, "upper", root->upper, false) &&
           layer_grant(run, "upper-index", root->upper_index, false);
}

static bool grants_make(struct run_options *run, const struct container_options *options,
                        const struct message *order, const struct container_root *root)
{
    char name[32], rules[CONTAINER_RULES_SIZE + 16];
    const char *network = message_value(order, "network", NULL);
    bool is_good = root_grant(run, options, root);
    for (unsigned i = 0; i < options->volume_count && is_good; i++) {
        container_volume_name(name, i);
        is_good = path_grant(run, name, options->volume[i].host, options->volume[i].is_read_only);
    }
    int shm = container_shm_open(options->shm_bytes);
    if (shm >= 0) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", shm);
        is_good = is_good && path_grant(run, "shm", path, false);
    }
    (void)snprintf(rules, sizeof(rules), "network=%s", network ? network : "");
    return is_good && (!network || grant_network(run, rules));
}

static void grant_descriptor(struct run_options *options, const char *name, int fd, uint8_t access)
{
    struct run_grant *grant = &options->grant[options->grant_count++];
    *grant = (struct run_grant){.kind = HOST_FILE, .access = access, .is_stream = true, .stream = fd};
    (void)snprintf(grant->name, sizeof(grant->name), "%s", name);
}

/* The run, in the child: standard streams are the container's, console and messages go to a file. */
static _Noreturn void child_run(pid_t parent, struct run_options *run, int order, int status, int messages,
                                int image)
{
    char path[64];
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)umask(0); /* modes are what the container says */
    if (getppid() != parent) {
        _exit(RUN_HOST);
    }
    int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (dup2(nothing, STDIN_FILENO) < 0 || dup2(messages, STDOUT_FILENO) < 0 ||
        dup2(messages, STDERR_FILENO) < 0) {
        _exit(RUN_HOST);
    }
    grant_descriptor(run, "order", order, HOST_READ);
    grant_descriptor(run, "status", status, HOST_READ | HOST_WRITE);
    if (input >= 0) {
        grant_descriptor(run, "stdin", input, HOST_READ);
    }
    if (output >= 0) {
        grant_descriptor(run, "stdout", output, HOST_WRITE);
    }
    if (errors >= 0) {
        grant_descriptor(run, "stderr", errors, HOST_WRITE);
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
    run->image = path;
    _exit(grant_clock(run, "clock") ? run_image(run) : RUN_BAD_INPUT);
}

static void messages_show(int messages)
{
    char bytes[1024];
    off_t at = 0;
    for (ssize_t count; (count = pread(messages, bytes, sizeof(bytes), at)) > 0; at += count) {
        (void)fwrite(bytes, 1, (size_t)count, stderr);
    }
}

/* What the manager wrote as the exit status of this program, -1 if it wrote nothing. */
static int status_read(int status)
{
    char text[STATUS_SIZE] = "";
    ssize_t count = pread(status, text, sizeof(text) - 1, 0);
    return count > 0 ? state_exit_status(text) : -1;
}

int container_run_alone(const struct container_options *options, const struct message *order,
                        const struct container_root *root)
{
    struct diag diag = {0};
    struct run_options run = {.engine = options->kind.engine,
                              .memory_size = ALONE_MEMORY + 2 * (options->memory & ~(ALONE_MEMORY / 4 - 1)),
                              .is_verbose = options->is_verbose,
                              .timeout_ns = (uint64_t)(options->timeout * 1e9)};
    if (!grants_make(&run, options, order, root)) {
        return RUN_BAD_INPUT;
    }
    HOST_FD int image = manager_image(options->kind.is_mcs, &diag);
    HOST_FD int text = fd_memory("selkie-order", 0, &diag);
    HOST_FD int status = fd_memory("selkie-status", 0, &diag);
    HOST_FD int messages = fd_memory("selkie-messages", 0, &diag);
    if (image < 0 || text < 0 || status < 0 || messages < 0 ||
        pwrite(text, order->text, order->size, 0) != (ssize_t)order->size) {
        say("container run: %s", diag.text[0] ? diag.text : "cannot write the order");
        return CANNOT_RUN;
    }
    (void)fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        child_run(parent, &run, text, status, messages, image);
    }
    (void)signal(SIGINT, SIG_IGN); /* the run gets it, too */
    int ended;
    if (child < 0 || process_wait(child, &ended) != 0) {
        say("container run: %s", strerror(errno));
        return CANNOT_RUN;
    }
    int code = WIFEXITED(ended) ? WEXITSTATUS(ended) : RUN_SIGNAL + WTERMSIG(ended);
    int inside = status_read(status);
    bool is_whole = inside >= 0 && inside != CANNOT_RUN;
    if (!is_whole || options->is_verbose) {
        messages_show(messages);
    }
    return inside >= 0 ? inside : code ? code : CANNOT_RUN;
}
