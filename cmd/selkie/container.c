/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selkie container run`: one Linux program in a container of its own, in a run of its own.
 *
 * The run's root task is the container manager (container/manager), which this program holds. It gets its order and a
 * place for the result as files, and what the container gets of the host. The run is a child process, whose console
 * and messages are kept: they are shown when the program inside did not end by itself.
 */
#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "grants.h"
#include "host/fd.h"
#include "host/process.h"
#include "run/run.h"
#include "run/say.h"

enum {
    ORDER_SIZE = 128 * 1024, /* the manager takes no more */
    STATUS_SIZE = 64,
    CANNOT_RUN = 125 /* as docker has it: the container could not be made */
};

extern const unsigned char image_container_start[], image_container_end[];
extern const unsigned char image_container_mcs_start[], image_container_mcs_end[];

static const char help[] =
    "usage: selkie container run [options] COMMAND [ARGUMENTS]\n"
    "\n"
    "Run a Linux program in a container: threads of an seL4 system of its own.\n"
    "\n"
    "      --rootfs=DIR[:ro]     its root file system\n"
    "      --memory=SIZE         its memory, with K, M or G; default 256M\n"
    "      --env=NAME=VALUE      may be repeated; the environment is empty otherwise, but for PATH and HOME\n"
    "      --workdir=DIR         in the container; default /\n"
    "      --network=RULES       sockets: any, or rules as for --host-network; default: none\n"
    "      --engine=NAME         how to run it; `selkie engines` lists what this host can\n"
    "      --mcs                 on the MCS kernel\n"
    "      --timeout=SECONDS     end it after that, with status 124\n"
    "  -v, --verbose             show what the system and Selkie said\n"
    "  -h, --help                this text\n"
    "\n"
    "Exit status: that of the program, 128 + N if signal N ended it, 127 if there is no such program,\n"
    "126 if it cannot be run, 125 if the container could not be made, 124 timeout, 2 bad usage.\n";

enum option_key {
    OPTION_ROOTFS = 256,
    OPTION_MEMORY,
    OPTION_ENV,
    OPTION_WORKDIR,
    OPTION_NETWORK,
    OPTION_ENGINE,
    OPTION_MCS,
    OPTION_TIMEOUT
};

static const struct option long_options[] = {
    {"rootfs", required_argument, NULL, OPTION_ROOTFS},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"env", required_argument, NULL, OPTION_ENV},
    {"workdir", required_argument, NULL, OPTION_WORKDIR},
    {"network", required_argument, NULL, OPTION_NETWORK},
    {"engine", required_argument, NULL, OPTION_ENGINE},
    {"mcs", no_argument, NULL, OPTION_MCS},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct job {
    struct run_options run;
    bool is_mcs;
    char order[ORDER_SIZE]; /* container/manager/manager.h */
    size_t order_size;
};

static bool order_add(struct job *job, const char *key, const char *value)
{
    size_t room = sizeof(job->order) - job->order_size;
    int length = snprintf(job->order + job->order_size, room, "%s=%s", key, value);
    if (length < 0 || (size_t)length >= room) {
        say("container: arguments and environment are more than %d bytes", ORDER_SIZE);
        return false;
    }
    job->order_size += (size_t)length + 1;
    return true;
}

static bool memory_add(struct job *job, const char *text)
{
    static const char units[] = "KMG";
    char *end = NULL, bytes[32];
    errno = 0;
    unsigned long long size = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (end == text || text[0] < '0' || text[0] > '9' || errno || (*end && (!unit || end[1])) ||
        size > (3ull << 30) >> shift || (size << shift) < (1u << 20)) {
        say("--memory=%s: not a size from 1M to 3G", text);
        return false;
    }
    (void)snprintf(bytes, sizeof(bytes), "%llu", size << shift);
    return order_add(job, "memory", bytes);
}

static bool timeout_set(struct job *job, const char *text)
{
    char *end = NULL;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds > 0) || seconds > 1e9) {
        say("--timeout=%s: not a number of seconds above 0", text);
        return false;
    }
    job->run.timeout_ns = (uint64_t)(seconds * 1e9);
    return true;
}

static bool named_grant(struct job *job, const char *name, char *value, bool is_directory)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *text = malloc(size); /* the grant keeps it for as long as we live */
    if (!text) {
        say("out of memory");
        return false;
    }
    (void)snprintf(text, size, "%s=%s", name, value);
    return is_directory ? grant_path(&job->run, HOST_DIRECTORY, text) : grant_network(&job->run, text);
}

static bool option_apply(struct job *job, int key, char *value)
{
    switch (key) {
    case OPTION_ROOTFS:
        return named_grant(job, "rootfs", value, true);
    case OPTION_NETWORK:
        return named_grant(job, "network", value, false);
    case OPTION_MEMORY:
        return memory_add(job, value);
    case OPTION_ENV:
        return order_add(job, "env", value);
    case OPTION_WORKDIR:
        return order_add(job, "workdir", value);
    case OPTION_ENGINE:
        job->run.engine = value;
        return true;
    case OPTION_MCS:
        job->is_mcs = true;
        return true;
    case OPTION_TIMEOUT:
        return timeout_set(job, value);
    case 'v':
        job->run.is_verbose = true;
        return true;
    default:
        say("container run: no such option, or a value is missing; see selkie container run --help");
        return false;
    }
}

/* The environment that the program gets unless it was told another. */
static bool environment_default(struct job *job)
{
    return order_add(job, "env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") &&
           order_add(job, "env", "HOME=/root");
}

/* 0: go on; else an exit status plus 1. */
static int job_parse(struct job *job, int count, char **arguments)
{
    int key;
    optind = 1;
    opterr = 0;
    while ((key = getopt_long(count, arguments, "+:hv", long_options, NULL)) != -1) {
        if (key == 'h') {
            (void)fputs(help, stdout);
            return RUN_OK + 1;
        }
        if (!option_apply(job, key, optarg)) {
            return RUN_BAD_INPUT + 1;
        }
    }
    if (optind == count) {
        say("container run: no command was given; see selkie container run --help");
        return RUN_BAD_INPUT + 1;
    }
    if (job->run.grant_count == 0 || strcmp(job->run.grant[0].name, "network") == 0) {
        say("container run: no --rootfs was given");
        return RUN_BAD_INPUT + 1;
    }
    bool is_good = environment_default(job);
    for (int i = optind; i < count && is_good; i++) {
        is_good = order_add(job, "arg", arguments[i]);
    }
    return is_good ? 0 : RUN_BAD_INPUT + 1;
}

static void grant_descriptor(struct run_options *options, const char *name, int fd, uint8_t access)
{
    struct run_grant *grant = &options->grant[options->grant_count++];
    *grant = (struct run_grant){.kind = HOST_FILE, .access = access, .is_stream = true, .stream = fd};
    (void)snprintf(grant->name, sizeof(grant->name), "%s", name);
}

/* The run, in the child: standard streams are the container's, console and messages go to a file. */
static _Noreturn void child_run(pid_t parent, struct job *job, int order, int status, int messages, int image)
{
    char path[64];
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(RUN_HOST);
    }
    int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (dup2(nothing, STDIN_FILENO) < 0 || dup2(messages, STDOUT_FILENO) < 0 ||
        dup2(messages, STDERR_FILENO) < 0) {
        _exit(RUN_HOST);
    }
    grant_descriptor(&job->run, "order", order, HOST_READ);
    grant_descriptor(&job->run, "status", status, HOST_READ | HOST_WRITE);
    if (input >= 0) {
        grant_descriptor(&job->run, "stdin", input, HOST_READ);
    }
    if (output >= 0) {
        grant_descriptor(&job->run, "stdout", output, HOST_WRITE);
    }
    if (errors >= 0) {
        grant_descriptor(&job->run, "stderr", errors, HOST_WRITE);
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
    job->run.image = path;
    _exit(grant_clock(&job->run, "clock") ? run_image(&job->run) : RUN_BAD_INPUT);
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
    int number;
    ssize_t count = pread(status, text, sizeof(text) - 1, 0);
    if (count > 0 && sscanf(text, "exit %d", &number) == 1) {
        return number;
    }
    if (count > 0 && sscanf(text, "signal %d", &number) == 1) {
        return RUN_SIGNAL + number;
    }
    return count > 0 ? CANNOT_RUN : -1;
}

static int job_run(struct job *job)
{
    struct diag diag = {0};
    HOST_FD int image =
        job->is_mcs ? fd_memory_program("selkie-container", image_container_mcs_start,
                                        (size_t)(image_container_mcs_end - image_container_mcs_start), &diag)
                    : fd_memory_program("selkie-container", image_container_start,
                                        (size_t)(image_container_end - image_container_start), &diag);
    HOST_FD int order = fd_memory("selkie-order", 0, &diag);
    HOST_FD int status = fd_memory("selkie-status", 0, &diag);
    HOST_FD int messages = fd_memory("selkie-messages", 0, &diag);
    if (image < 0 || order < 0 || status < 0 || messages < 0 ||
        pwrite(order, job->order, job->order_size, 0) != (ssize_t)job->order_size) {
        say("container run: %s", diag.text[0] ? diag.text : "cannot write the order");
        return CANNOT_RUN;
    }
    (void)fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        child_run(parent, job, order, status, messages, image);
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
    if (!is_whole || job->run.is_verbose) {
        messages_show(messages);
    }
    return inside >= 0 ? inside : code ? code : CANNOT_RUN;
}

int command_container(int count, char **arguments)
{
    static struct job job;
    if (count >= 2 && (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0)) {
        (void)fputs(help, stdout);
        return RUN_OK;
    }
    if (count < 2 || strcmp(arguments[1], "run") != 0) {
        say("container: %s; see selkie container --help",
            count < 2 ? "what to do was not said" : "no such command");
        return RUN_BAD_INPUT;
    }
    int parsed = job_parse(&job, count - 1, arguments + 1);
    return parsed ? parsed - 1 : job_run(&job);
}
