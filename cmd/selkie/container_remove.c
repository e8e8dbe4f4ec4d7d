/* SPDX-License-Identifier: BSD-2-Clause */
/* Who removes a container when it ends. */
#define _GNU_SOURCE
#include "container_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "container_live.h"
#include "container_message.h"
#include "container_state.h"
#include "host/fd.h"
#include "run/say.h"

static bool is_wanted(int state)
{
    json_t *config = state < 0 ? NULL : state_config_read(state);
    bool is_true = json_is_true(json_object_get(config, REMOVE_KEY));
    json_decref(config);
    return is_true;
}

bool remove_if_wanted(const char *command, const char *name, int state)
{
    struct diag diag = {0};
    if (is_wanted(state) && state_remove(name, state, &diag) != 0) {
        say("container %s: %s", command, diag.text);
        return false;
    }
    return true;
}

/* Nothing of the command that left it stays: whoever reads what that wrote must see its end. */
static bool streams_leave(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_NAME, "selkie-remover");
    HOST_FD int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    return setsid() >= 0 && chdir("/") == 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
           dup2(nothing, STDOUT_FILENO) >= 0 && dup2(nothing, STDERR_FILENO) >= 0;
}

/* Until it ended, its manager did, or it is not there any more. */
static void end_await(const char *name, int connection)
{
    static struct message message;
    message.size = 0;
    if (!message_add(&message, "do", "wait") || !message_add(&message, "name", name) ||
        message_send(connection, &message, -1) != 0) {
        return;
    }
    int got;
    do {
        got = message_receive(connection, &message, -1);
    } while (got == -EINTR || got == -EAGAIN ||
             (got == 1 && !message_is(&message, "ended") && !message_is(&message, "error")));
}

bool remove_later(const char *name, int state, int connection)
{
    struct diag diag = {0};
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        bool is_good = streams_leave();
        end_await(name, connection);
        _exit(is_good && state_remove(name, state, &diag) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (child < 0) {
        say("container run: nobody will remove %s when it ends: %s", name, strerror(errno));
    }
    return child >= 0;
}

/* Those that nobody owns any more, with their locks. */
struct leftovers {
    int count;
    char **names;
    int *states; /* -1: none */
};

static void leftovers_find(struct leftovers *leftovers)
{
    struct diag diag = {0};
    leftovers->count = state_names(&leftovers->names, &diag);
    leftovers->count = leftovers->count < 0 ? 0 : leftovers->count;
    leftovers->states = calloc((size_t)leftovers->count + 1, sizeof(*leftovers->states));
    for (int i = 0; i < leftovers->count && leftovers->states; i++) {
        HOST_FD int state = leftovers->names[i] ? state_open(leftovers->names[i], &diag) : -1;
        bool is_left =
            state >= 0 && is_wanted(state) && state_holder(state) == STATE_FREE && state_lock(state);
        leftovers->states[i] = is_left ? fd_take(&state) : -1;
    }
}

void remove_leftovers(void)
{
    struct leftovers leftovers;
    bool has_any = false;
    leftovers_find(&leftovers);
    for (int i = 0; i < leftovers.count && leftovers.states; i++) {
        has_any |= leftovers.states[i] >= 0;
    }
    /* Nobody can start them any more, so those that do not run now have ended. */
    json_t *live = has_any ? live_all() : NULL;
    for (int i = 0; i < leftovers.count && leftovers.states; i++) {
        HOST_FD int state = leftovers.states[i];
        struct diag diag = {0};
        if (state >= 0 && live && !json_object_get(live, leftovers.names[i]) &&
            state_remove(leftovers.names[i], state, &diag) != 0) {
            say("container: %s", diag.text);
        }
    }
    json_decref(live);
    free(leftovers.states);
    state_names_free(leftovers.names, leftovers.count);
}
