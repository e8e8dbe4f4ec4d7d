/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding and starting the manager.
 *
 * Whoever finds nobody listening makes the socket itself, while it holds a lock, and hands it to the manager that it
 * starts: so there is one manager, and a client's connection waits in the socket's queue until it is there.
 */
#include "container_manager.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "container_message.h"
#include "container_title.h"
#include "grants.h"
#include "host/fd.h"
#include "host/process.h"
#include "run/run.h"

enum {
    QUEUE = 64,
    WELCOME_MS = 20000,
    TRIES = 12, /* with managers that were about to end */
    KIND_SIZE = 40
};

#define MANAGER_MEMORY (32ull << 30)

extern const unsigned char image_container_start[], image_container_end[];
extern const unsigned char image_container_mcs_start[], image_container_mcs_end[];

int manager_image(bool is_mcs, struct diag *diag)
{
    const unsigned char *start = is_mcs ? image_container_mcs_start : image_container_start;
    const unsigned char *end = is_mcs ? image_container_mcs_end : image_container_end;
    return fd_memory_program("selkie-container", start, (size_t)(end - start), diag);
}

/* The user's own directory, which nobody else can write to. The descriptor or -errno. */
static int place_open(bool is_wanted, struct diag *diag)
{
    char path[4096];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    bool has_runtime = runtime && runtime[0] == '/';
    int length = has_runtime ? snprintf(path, sizeof(path), "%s/selkie", runtime)
                             : snprintf(path, sizeof(path), "/tmp/selkie-%u", (unsigned)geteuid());
    if (length < 0 || (size_t)length >= sizeof(path)) {
        return diag_errno(diag, ENAMETOOLONG, "XDG_RUNTIME_DIR");
    }
    if (is_wanted && mkdir(path, S_IRWXU) < 0 && errno != EEXIST) {
        return diag_errno(diag, errno, "cannot make %s", path);
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        return is_wanted ? diag_errno(diag, errno, "cannot open %s", path) : -errno;
    }
    if (status.st_uid != geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO))) {
        (void)close(fd);
        return diag_errno(diag, EPERM, "%s is not a directory of this user's alone", path);
    }
    return fd;
}

/* A name in the directory, of any length of path. */
static struct sockaddr_un address_of(int place, const char *prefix, const char *kind)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s-%s", place, prefix, kind);
    return address;
}

/* A number that differs between builds of the manager, so that nobody talks to another build's. */
static unsigned image_number(bool is_mcs)
{
    const unsigned char *end = is_mcs ? image_container_mcs_end : image_container_end;
    uint64_t word, sum = 0;
    for (const unsigned char *at = is_mcs ? image_container_mcs_start : image_container_start;
         (size_t)(end - at) >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15;
        sum ^= sum >> 32;
    }
    return (unsigned)sum;
}

static void kind_name(char name[KIND_SIZE], const struct manager_kind *kind)
{
    (void)snprintf(name, KIND_SIZE, "%.10s%s-%08x", kind->engine ? kind->engine : "default",
                   kind->is_mcs ? "-mcs" : "", image_number(kind->is_mcs));
}

/* A connection to whoever listens, -ECONNREFUSED or -ENOENT if nobody does. */
static int connection_open(int place, const char *kind)
{
    const struct sockaddr_un address = address_of(place, "control", kind);
    HOST_FD int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        return -errno;
    }
    return fd_take(&fd);
}

/* Sockets and logs of managers that ended: of other builds as a rule. */
static void leftovers_remove(int place, const char *kind)
{
    static const char prefix[] = "control-";
    int copy = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        const char *other = entry->d_name + sizeof(prefix) - 1;
        if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0 && strlen(other) < KIND_SIZE &&
            strcmp(other, kind) != 0) {
            HOST_FD int connection = connection_open(place, other);
            if (connection == -ECONNREFUSED) {
                char log[KIND_SIZE + 8];
                (void)snprintf(log, sizeof(log), "log-%s", other);
                (void)unlinkat(place, entry->d_name, 0);
                (void)unlinkat(place, log, 0);
            }
        }
    }
    if (directory) {
        (void)closedir(directory);
    }
}

/* The manager's side of the control socket, in place of what was there. */
static int listener_open(int place, const char *kind, struct diag *diag)
{
    const struct sockaddr_un address = address_of(place, "new", kind),
                             final = address_of(place, "control", kind);
    HOST_FD int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)unlink(address.sun_path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, QUEUE) < 0 ||
        rename(address.sun_path, final.sun_path) < 0) {
        return diag_errno(diag, errno, "cannot make the manager's control socket");
    }
    return fd_take(&fd);
}

static void grant_socket(struct run_options *options, const char *name, int fd)
{
    struct run_grant *grant = &options->grant[options->grant_count++];
    *grant = (struct run_grant){
        .kind = HOST_FILE, .access = HOST_READ | HOST_WRITE, .is_stream = true, .stream = fd};
    (void)snprintf(grant->name, sizeof(grant->name), "%s", name);
}

static void range_close(unsigned first, unsigned last)
{
    if (first <= last) {
        (void)syscall(SYS_close_range, first, last, 0);
    }
}

/* Nothing of the client's stays but the two descriptors, which are above the standard ones. */
static void descriptors_close(int listener, int image)
{
    unsigned low = (unsigned)(listener < image ? listener : image);
    unsigned high = (unsigned)(listener < image ? image : listener);
    range_close(STDERR_FILENO + 1, low - 1);
    range_close(low + 1, high - 1);
    range_close(high + 1, ~0u);
}

/* A kernel whose initial thread has room for the capabilities of many containers. */
static int kernel_config_make(struct diag *diag)
{
    static const char text[] = "{\"SEL4_ARCH\": \"x86_64\", \"ROOT_CNODE_SIZE_BITS\": \"17\"}";
    int fd = fd_memory("selkie-kernel-config", 0, diag);
    return fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)(sizeof(text) - 1) ? fd : -EIO;
}

/* The manager's process, which its starter knows no more. */
static _Noreturn void manager_be(const struct manager_kind *kind, int listener, int image, int log)
{
    static struct run_options options;
    char path[64], config_path[64],
        network[] = "network=listen:*:*,connect:*:*,listen:unix@" CONTAINER_SOCKETS
                    ",connect:unix@" CONTAINER_SOCKETS;
    struct diag diag = {0};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0 || chdir("/") < 0) {
        _exit(RUN_HOST);
    }
    descriptors_close(listener, image);
    (void)umask(0); /* modes are what containers say */
    (void)prctl(PR_SET_NAME, "selkie-manager");
    const char *engine = kind->engine ? strdup(kind->engine) : NULL; /* it may be a word of the command line */
    container_title_set("selkie-manager"); /* the command that needed it first may be about a container long gone */
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
    (void)snprintf(config_path, sizeof(config_path), "/proc/self/fd/%d", kernel_config_make(&diag));
    options = (struct run_options){
        .image = path, .engine = engine, .kernel_config = config_path, .memory_size = MANAGER_MEMORY};
    grant_socket(&options, "control", listener);
    _exit(grant_clock(&options, "clock") && grant_network(&options, network) ? run_image(&options)
                                                                             : RUN_BAD_INPUT);
}

/* With the lock held. */
static int manager_start(const struct manager_kind *kind, int place, const char *name, struct diag *diag)
{
    char log_name[KIND_SIZE + 8];
    leftovers_remove(place, name);
    HOST_FD int listener = listener_open(place, name, diag);
    HOST_FD int image = listener < 0 ? -1 : manager_image(kind->is_mcs, diag);
    (void)snprintf(log_name, sizeof(log_name), "log-%s", name);
    HOST_FD int log = openat(
        place, log_name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (listener < 0 || image < 0) {
        return listener < 0 ? listener : image;
    }
    if (log < 0) {
        return diag_errno(diag, errno, "cannot write the manager's log");
    }
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) { /* the manager itself is nobody's child */
        pid_t manager = setsid() < 0 ? -1 : fork();
        if (manager == 0) {
            manager_be(kind, listener, image, log);
        }
        _exit(manager < 0);
    }
    int status;
    if (child < 0 || process_wait(child, &status) != 0 || status != 0) {
        return diag_errno(diag, child < 0 ? errno : EAGAIN, "cannot start the manager");
    }
    return 0;
}

/* Connect; where nobody listens, start one first. */
static int connection_make(const struct manager_kind *kind, int place, const char *name, struct diag *diag)
{
    char lock_name[KIND_SIZE + 8];
    int fd = connection_open(place, name);
    if (fd != -ECONNREFUSED && fd != -ENOENT) {
        return fd < 0 ? diag_errno(diag, -fd, "cannot connect to the manager") : fd;
    }
    (void)snprintf(lock_name, sizeof(lock_name), "lock-%s", name);
    HOST_FD int lock = openat(place, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (lock < 0 || flock(lock, LOCK_EX) < 0) {
        return diag_errno(diag, errno, "cannot lock the manager's directory");
    }
    fd = connection_open(place, name);
    if (fd == -ECONNREFUSED || fd == -ENOENT) {
        int error = manager_start(kind, place, name, diag);
        fd = error ? error : connection_open(place, name);
    }
    (void)flock(lock, LOCK_UN);
    return fd < 0 && !diag->text[0] ? diag_errno(diag, -fd, "cannot connect to the manager") : fd;
}

/* 1: the manager is there; 0: it was about to end. */
static int welcome_wait(int connection, struct diag *diag)
{
    static struct message message;
    int got = message_receive(connection, &message, WELCOME_MS);
    const char *version = got == 1 ? message_value(&message, "welcome", NULL) : NULL;
    if (got == 1 && (!version || strcmp(version, CONTROL_VERSION) != 0)) {
        return diag_errno(
            diag, EPROTO,
            "the manager is of another release of Selkie; end it with selkie container shutdown");
    }
    return got < 0 ? diag_errno(diag, -got, "the manager does not answer") : got;
}

/* No manager stays. Is it that no engine can run here? 0, or why. */
static int engine_check(const struct manager_kind *kind, struct diag *diag)
{
    const struct engine_class *class = kind->engine ? run_engine_find(kind->engine, diag) : NULL;
    if (kind->engine) {
        return class ? run_engine_probe(class, diag) : -EINVAL;
    }
    for (unsigned i = 0;; i++) {
        diag->text[0] = '\0';
        int error = run_engine_probe(run_engines[i], diag);
        if (!error || i + 1 == run_engine_count) {
            return error;
        }
    }
}

int manager_connect(const struct manager_kind *kind, struct diag *diag)
{
    char name[KIND_SIZE];
    HOST_FD int place = place_open(true, diag);
    if (place < 0) {
        return place;
    }
    kind_name(name, kind);
    for (unsigned i = 0; i < TRIES; i++) {
        HOST_FD int connection = connection_make(kind, place, name, diag);
        int welcome = connection < 0 ? connection : welcome_wait(connection, diag);
        if (welcome != 0) {
            return welcome < 0 ? welcome : fd_take(&connection);
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000L << (i < 4 ? i : 4)}, NULL);
    }
    int error = engine_check(kind, diag);
    if (!error) {
        diag_add(diag, "the manager ends as soon as it starts; its log is log-%s beside its socket", name);
    }
    return error ? error : -EAGAIN;
}

bool managers_each(bool (*use)(int connection, const char *kind, void *argument), void *argument,
                   struct diag *diag)
{
    int place = place_open(false, diag);
    DIR *directory = place < 0 ? NULL : fdopendir(place);
    const struct dirent *entry;
    static const char prefix[] = "control-";
    bool goes_on = true;
    while (directory && goes_on && (entry = readdir(directory))) {
        const char *kind = entry->d_name + sizeof(prefix) - 1;
        if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) != 0 || strlen(kind) >= KIND_SIZE) {
            continue;
        }
        HOST_FD int connection = connection_open(place, kind);
        if (connection >= 0 && welcome_wait(connection, diag) == 1) {
            goes_on = use(connection, kind, argument);
        }
    }
    if (directory) {
        (void)closedir(directory);
    }
    return !diag->text[0];
}
