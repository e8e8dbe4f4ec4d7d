/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `selkie container run`: the order, what goes with it, and waiting for the end.
 *
 * The connection to the manager is the container's life: while this command holds it, the container runs; when it
 * goes, in whatever way, the container ends. A detached container is told so in its order.
 */
#define _GNU_SOURCE
#include "container_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "container_give.h"
#include "container_image.h"
#include "container_live.h"
#include "container_publish.h"
#include "container_remove.h"
#include "container_root.h"
#include "container_shm.h"
#include "container_state.h"
#include "container_wait.h"
#include "host/fd.h"
#include "run/run.h"
#include "run/say.h"

enum {
    CANNOT_RUN = 125,
    NAME_WORDS = 3
};

struct job {
    struct container_options options;
    struct message order;
    struct image_config image;
    char name[CONTROL_NAME];
    bool has_state;
    int state; /* its directory, -1 */
    struct container_root root;
    char home[IMAGE_HOME]; /* "HOME=..." */
};

void container_volume_name(char name[CONTAINER_VOLUME_NAME], unsigned index)
{
    (void)snprintf(name, CONTAINER_VOLUME_NAME, "volume%u", index);
}

void container_name_make(char name[CONTROL_NAME])
{
    unsigned char bytes[6] = {0};
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        (void)snprintf(name, CONTROL_NAME, "container-%d", (int)getpid());
        return;
    }
    (void)snprintf(name, CONTROL_NAME, "%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3],
                   bytes[4], bytes[5]);
}

/* An address of the host's loopback network for this container alone. */
static void loopback_make(char address[16])
{
    unsigned char bytes[NAME_WORDS] = {0};
    (void)!getrandom(bytes, sizeof(bytes), 0);
    (void)snprintf(address, 16, "127.%u.%u.%u", 64u + bytes[0] % 128u, bytes[1], 1u + bytes[2] % 254u);
}

static bool rules_append(char rules[CONTAINER_RULES_SIZE], const char *rule)
{
    size_t used = strlen(rules);
    int length = snprintf(rules + used, CONTAINER_RULES_SIZE - used, "%s%s", used ? "," : "", rule);
    if (length < 0 || (size_t)length >= CONTAINER_RULES_SIZE - used) {
        say("container run: too many ports and network rules");
        return false;
    }
    return true;
}

/* Unix sockets between its own processes every container has: the host knows them by names that no other one may use. A
 * run of its own may be allowed more. */
static bool sockets_add(struct job *job, char rules[CONTAINER_RULES_SIZE])
{
    unsigned char bytes[4] = {0};
    char name[16], text[32];
    if (job->options.is_alone && strstr(rules, ":unix")) {
        return true;
    }
    (void)!getrandom(bytes, sizeof(bytes), 0);
    (void)snprintf(name, sizeof(name), CONTAINER_SOCKETS "%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
                   bytes[3]);
    (void)snprintf(text, sizeof(text), "listen:unix@%s", name);
    bool is_good = rules_append(rules, text);
    (void)snprintf(text, sizeof(text), "connect:unix@%s", name);
    return is_good && rules_append(rules, text) && message_add(&job->order, "sockets", name);
}

/* Published ports make a network of a container's own: its loopback, and those ports. */
static bool network_add(struct job *job)
{
    const struct container_options *options = &job->options;
    char rules[CONTAINER_RULES_SIZE], text[96], loopback[16];
    (void)snprintf(rules, sizeof(rules), "%s",
                   strcmp(options->network, "any") == 0 ? "listen:*:*,connect:*:*" : options->network);
    bool is_good = true;
    for (unsigned i = 0; i < options->port_count && is_good; i++) {
        const struct container_port_map *port = &options->port[i];
        (void)snprintf(text, sizeof(text), "listen:%s:%u,connect:%s:%u", port->address, port->host,
                       strcmp(port->address, "0.0.0.0") == 0 ? "127.0.0.1" : port->address, port->host);
        is_good = rules_append(rules, text);
        (void)snprintf(text, sizeof(text), "%s:%u:%u", port->address, port->host, port->inside);
        is_good = is_good && message_add(&job->order, "port", text);
    }
    if (is_good && options->port_count && !options->network[0]) {
        loopback_make(loopback);
        (void)snprintf(text, sizeof(text), "listen:%s:*,connect:%s:*", loopback, loopback);
        is_good = rules_append(rules, text) && message_add(&job->order, "loopback", loopback);
    }
    return is_good && sockets_add(job, rules) && message_add(&job->order, "network", rules);
}

static bool environment_add(struct job *job)
{
    struct message *order = &job->order;
    const struct message *given = &job->options.environment;
    bool is_good =
        message_add(order, "env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") &&
        message_add(order, "env", job->home) &&
        (!job->options.is_terminal || message_add(order, "env", "TERM=xterm"));
    for (size_t i = 0; i < job->image.environment_count && is_good; i++) {
        is_good = message_add(order, "env", job->image.environment[i]);
    }
    for (const char *value = NULL; is_good && (value = message_value(given, "env", value));) {
        is_good = message_add(order, "env", value);
    }
    return is_good;
}

/* The image's entry point and command, unless the command line has one. */
static bool command_add(struct job *job)
{
    bool is_good = true, has_command = job->options.command[0];
    for (size_t i = 0; i < job->image.entrypoint_count && is_good; i++) {
        is_good = message_add(&job->order, "arg", job->image.entrypoint[i]);
    }
    for (char **at = job->options.command; *at && is_good; at++) {
        is_good = message_add(&job->order, "arg", *at);
    }
    for (size_t i = 0; i < job->image.command_count && !has_command && is_good; i++) {
        is_good = message_add(&job->order, "arg", job->image.command[i]);
    }
    if (is_good && !message_value(&job->order, "arg", NULL)) {
        say("container run: neither the image nor the command line has a command");
        return false;
    }
    return is_good;
}

static bool user_add(struct job *job)
{
    const char *user = job->options.user ? job->options.user : job->image.user;
    unsigned uid = 0, gid = 0;
    char text[32];
    HOST_FD int plain =
        job->root.lower < 0 ? open(job->options.rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int root = plain < 0 ? job->root.lower : plain;
    if (user && user[0] && !image_user_find(root, user, &uid, &gid)) {
        say("container run: no user %s", user);
        return false;
    }
    (void)image_home_find(root, uid, job->home);
    (void)snprintf(text, sizeof(text), "%u:%u", uid, gid);
    return !user || !user[0] || message_add(&job->order, "user", text);
}

static bool order_make(struct job *job)
{
    const struct container_options *options = &job->options;
    const char *workdir = options->workdir ? options->workdir : job->image.workdir;
    struct message *order = &job->order;
    char text[512], name[CONTAINER_VOLUME_NAME];
    bool is_good = message_add(order, "do", "run") && message_add(order, "name", job->name) &&
                   (!workdir || !workdir[0] || message_add(order, "workdir", workdir)) &&
                   (!options->memory || message_add_number(order, "memory", options->memory)) &&
                   (!options->cpu_permille || message_add_number(order, "cpu", options->cpu_permille)) &&
                   (!options->restart || message_add(order, "restart", options->restart)) &&
                   (!options->is_detached || message_add(order, "detach", "1")) &&
                   (!options->is_terminal || message_add(order, "terminal", "1"));
    for (unsigned i = 0; i < options->volume_count && is_good; i++) {
        container_volume_name(name, i);
        (void)snprintf(text, sizeof(text), "%s:%s", name, options->volume[i].inside);
        is_good = message_add(order, "mount", text);
    }
    return is_good && network_add(job) && user_add(job) && environment_add(job) && command_add(job);
}

/* A detached container has its log. */
static bool streams_give(const struct job *job, int connection)
{
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
    if (!job->options.is_detached) {
        return container_streams_give(connection);
    }
    return container_give(connection, "stdin", "r", open("/dev/null", O_RDONLY | O_CLOEXEC)) &&
           container_give(connection, "stdout", "w", openat(job->state, "log", flags, S_IRUSR | S_IWUSR)) &&
           container_give(connection, "stderr", "w", openat(job->state, "log", flags, S_IRUSR | S_IWUSR)) &&
           container_give(connection, "status", "w", state_status_make(job->state));
}

/* Without one there is no /dev/shm. Where the host makes no file system for us, files of a container's own will do. */
static bool shm_give(const struct job *job, int connection)
{
    int fd = container_shm_open(job->options.shm_bytes);
    if (fd < 0 && job->options.shm_bytes && job->has_state &&
        (mkdirat(job->state, "shm", S_IRWXU) == 0 || errno == EEXIST)) {
        fd = openat(job->state, "shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return fd < 0 || container_give(connection, "shm", "rw", fd);
}

static bool everything_give(const struct job *job, int connection)
{
    const struct container_options *options = &job->options;
    char name[CONTAINER_VOLUME_NAME];
    bool is_good = container_give_root(options, &job->root, connection);
    for (unsigned i = 0; i < options->volume_count && is_good; i++) {
        container_volume_name(name, i);
        is_good =
            container_give_volume(connection, name, options->volume[i].host, options->volume[i].is_read_only);
    }
    return is_good && shm_give(job, connection) && streams_give(job, connection);
}

/* What inspect shows. */
static json_t *config_make(const struct job *job)
{
    const struct container_options *options = &job->options;
    json_t *config = json_object(), *command = json_array(), *volumes = json_array(), *ports = json_array();
    const char *base = options->rootfs ? options->rootfs : options->image;
    char *whole = realpath(base, NULL);
    for (const char *value = NULL; (value = message_value(&job->order, "arg", value));) {
        (void)json_array_append_new(command, json_string(value));
    }
    for (unsigned i = 0; i < options->volume_count; i++) {
        const struct container_volume *volume = &options->volume[i];
        (void)json_array_append_new(volumes, json_pack("{s:s, s:s, s:b}", "host", volume->host, "inside",
                                                       volume->inside, "read_only", volume->is_read_only));
    }
    for (unsigned i = 0; i < options->port_count; i++) {
        const struct container_port_map *port = &options->port[i];
        (void)json_array_append_new(ports, json_pack("{s:s, s:i, s:i}", "address", port->address, "host",
                                                     (int)port->host, "inside", (int)port->inside));
    }
    (void)json_object_set_new(config, "name", json_string(job->name));
    (void)json_object_set_new(config, "created", json_integer((json_int_t)time(NULL)));
    (void)json_object_set_new(config, options->rootfs ? "rootfs" : "image",
                              json_string(whole ? whole : base));
    free(whole);
    (void)json_object_set_new(config, "layers", json_boolean(job->root.upper >= 0));
    (void)json_object_set_new(config, "engine",
                              json_string(options->kind.engine ? options->kind.engine : "default"));
    (void)json_object_set_new(config, "kernel", json_string(options->kind.is_mcs ? "mcs" : "classic"));
    (void)json_object_set_new(config, "detached", json_boolean(options->is_detached));
    (void)json_object_set_new(config, "restart", json_string(options->restart ? options->restart : "no"));
    (void)json_object_set_new(config, REMOVE_KEY, json_boolean(options->is_removed || !options->is_detached));
    (void)json_object_set_new(config, "network", json_string(options->network));
    (void)json_object_set_new(config, "command", command);
    (void)json_object_set_new(config, "volumes", volumes);
    (void)json_object_set_new(config, "ports", ports);
    return config;
}

static int state_fill(struct job *job, struct diag *diag)
{
    json_t *config = config_make(job);
    int error = state_config_write(job->state, config, diag);
    json_decref(config);
    return error;
}

static int connected_run(struct job *job, int connection)
{
    struct wait_plan plan = {.name = job->name,
                             .timeout = job->options.timeout,
                             .is_terminal = job->options.is_terminal,
                             .is_detached = job->options.is_detached};
    if (!everything_give(job, connection)) {
        return CANNOT_RUN;
    }
    container_wait_prepare(&plan);
    int error = message_send(connection, &job->order, -1);
    if (error) {
        say("container run: cannot talk to the manager: %s", strerror(-error));
        return CANNOT_RUN;
    }
    return container_wait(connection, &plan);
}

static int job_run(struct job *job)
{
    struct diag diag = {0};
    HOST_FD int connection = manager_connect(&job->options.kind, &diag);
    int status = connection < 0 ? CANNOT_RUN : connected_run(job, connection);
    if (connection < 0) {
        say("container run: %s", diag.text);
    } else if (job->options.is_detached && status == RUN_OK) {
        root_close(&job->root);
        if (job->options.is_removed) {
            (void)remove_later(job->name, job->state, connection);
        }
        puts(job->name);
    }
    return status;
}

static bool is_layered(const struct container_options *options)
{
    return options->image || options->is_overlay;
}

/* Its directory and files. */
static bool state_prepare(struct job *job)
{
    struct diag diag = {0};
    job->state = state_make(job->name, &diag);
    if (job->state == -EEXIST) {
        remove_leftovers();
        diag.text[0] = '\0';
        job->state = state_make(job->name, &diag);
    }
    job->has_state = job->state >= 0;
    if (job->state == -EEXIST) {
        live_exists_say(job->name);
        return false;
    }
    if (job->has_state && is_layered(&job->options) &&
        root_open(&job->root, &job->options, job->state, &job->image, &diag) != 0) {
        say("container run: %s", diag.text);
        return false;
    }
    layer_begin(&job->root, &job->options, job->name);
    if (!job->has_state) {
        say("container run: %s", diag.text);
    }
    return job->has_state;
}

static int job_prepare_and_run(struct job *job)
{
    struct diag diag = {0};
    bool wants_state = job->options.is_detached || is_layered(&job->options);
    if (job->options.name) {
        (void)snprintf(job->name, sizeof(job->name), "%s", job->options.name);
    } else {
        container_name_make(job->name);
    }
    if (!publish_check(&job->options) || (wants_state && !state_prepare(job))) {
        return CANNOT_RUN;
    }
    if (!order_make(job)) {
        return RUN_BAD_INPUT;
    }
    if (job->options.is_alone) {
        return container_run_alone(&job->options, &job->order, &job->root);
    }
    if (job->has_state && state_fill(job, &diag) != 0) {
        say("container run: %s", diag.text);
        return CANNOT_RUN;
    }
    return job_run(job);
}

int container_run(int count, char **arguments)
{
    static struct job job = {.state = -1, .root = {-1, -1, -1, -1}};
    struct diag diag = {0};
    int parsed = container_options_parse(&job.options, count, arguments);
    if (parsed) {
        return parsed - 1;
    }
    if (job.options.is_terminal && !isatty(STDIN_FILENO)) {
        say("container run: --tty: standard input is not a terminal");
        return RUN_BAD_INPUT;
    }
    int status = job_prepare_and_run(&job);
    bool is_kept = job.options.is_detached && status == RUN_OK;
    if (job.has_state && !is_kept && state_remove(job.name, job.state, &diag) != 0) {
        say("container run: %s", diag.text);
    }
    if (job.state >= 0) {
        (void)close(job.state);
    }
    root_close(&job.root);
    image_config_drop(&job.image);
    return status;
}
