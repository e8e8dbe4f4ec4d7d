/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for a container's end.
 *
 * Signals that reach this command are passed on. Where the container has our terminal, those that the terminal
 * makes are for its foreground processes; the terminal's settings, which the container may change, are put back. When
 * the terminal goes, the container is told as Linux tells a session, and we go soon after.
 */
#include "container_wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "container_message.h"
#include "container_state.h"
#include "host/fd.h"
#include "run/run.h"
#include "run/say.h"

enum {
    CANNOT_RUN = 125,
    PATIENCE = 3,         /* interrupts after which we go, and the container with us */
    FAREWELL_SECONDS = 10 /* that it has for its end when the terminal has gone */
};

struct waiting {
    const struct wait_plan *plan;
    int connection;
    struct message message;
    struct timespec end; /* if there is a timeout, or the terminal has gone */
    bool has_hung_up;
    unsigned interrupts;
};

static sigset_t signals_passed(bool is_terminal)
{
    sigset_t set;
    (void)sigemptyset(&set);
    static const int always[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        (void)sigaddset(&set, always[i]);
    }
    if (is_terminal) {
        (void)sigaddset(&set, SIGWINCH);
        (void)sigaddset(&set, SIGTSTP);
    }
    return set;
}

void container_wait_prepare(const struct wait_plan *plan)
{
    const sigset_t set = signals_passed(plan->is_terminal);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static bool is_of_terminal(const struct waiting *waiting, const struct signalfd_siginfo *info)
{
    unsigned number = info->ssi_signo;
    return waiting->plan->is_terminal && info->ssi_code == SI_KERNEL &&
           (number == SIGINT || number == SIGQUIT || number == SIGTSTP || number == SIGWINCH);
}

static void signal_send(struct waiting *waiting, unsigned number, bool is_of_terminal)
{
    struct message *message = &waiting->message;
    message->size = 0;
    if (message_add(message, "do", "kill") &&
        (!waiting->plan->name || message_add(message, "name", waiting->plan->name)) &&
        message_add_number(message, "signal", number) &&
        (!is_of_terminal || message_add(message, "terminal", "1"))) {
        (void)message_send(waiting->connection, message, -1);
    }
}

/* False: we have been asked to go often enough. */
static bool signal_pass(struct waiting *waiting, int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof(info)) == sizeof(info)) {
        bool is_key = is_of_terminal(waiting, &info);
        waiting->interrupts += info.ssi_signo == SIGINT && !is_key;
        if (info.ssi_signo != SIGHUP || !waiting->has_hung_up) {
            signal_send(waiting, info.ssi_signo, is_key);
        }
    }
    return waiting->interrupts < PATIENCE;
}

static bool terminal_is_gone(const struct waiting *waiting)
{
    struct pollfd terminal = {.fd = STDIN_FILENO};
    return waiting->plan->is_terminal && poll(&terminal, 1, 0) == 1 && terminal.revents & POLLHUP;
}

static void hang_up(struct waiting *waiting)
{
    waiting->has_hung_up = true;
    signal_send(waiting, SIGHUP, true);
    signal_send(waiting, SIGHUP, false);
    signal_send(waiting, SIGCONT, false);
    (void)clock_gettime(CLOCK_MONOTONIC, &waiting->end);
    waiting->end.tv_sec += FAREWELL_SECONDS;
}

/* An exit status, or -1: go on. */
static int message_serve(struct waiting *waiting)
{
    struct message *message = &waiting->message;
    int got = message_receive(waiting->connection, message, 0);
    if (got == -ETIMEDOUT || got == -EINTR || got == -EAGAIN) {
        return -1;
    }
    if (got <= 0) {
        say("container: the manager ended%s%s", got < 0 ? ": " : "", got < 0 ? strerror(-got) : "");
        return CANNOT_RUN;
    }
    if (message_is(message, "error")) {
        say("container: %s", message_value(message, "error", NULL));
        return CANNOT_RUN;
    }
    if (message_is(message, "started")) {
        return waiting->plan->is_detached ? RUN_OK : -1;
    }
    if (message_is(message, "ended")) {
        int status = state_exit_status(message_value(message, "ended", NULL));
        return status < 0 ? CANNOT_RUN : status;
    }
    return -1;
}

/* In milliseconds; -1: for ever; 0: it is over. */
static int time_left(const struct waiting *waiting)
{
    struct timespec now;
    if (waiting->plan->timeout <= 0 && !waiting->has_hung_up) {
        return -1;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long long left = (long long)(waiting->end.tv_sec - now.tv_sec) * 1000 +
                     (waiting->end.tv_nsec - now.tv_nsec) / 1000000 + 1;
    return left <= 1 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

static int time_is_up(const struct waiting *waiting)
{
    if (waiting->has_hung_up) {
        return RUN_SIGNAL + SIGHUP;
    }
    say("timeout after %g s", waiting->plan->timeout);
    return RUN_TIMEOUT;
}

static int wait_loop(struct waiting *waiting, int signals)
{
    for (;;) {
        struct pollfd ready[] = {
            {.fd = waiting->connection, .events = POLLIN},
            {.fd = signals, .events = POLLIN},
            {.fd = waiting->plan->is_terminal && !waiting->has_hung_up ? STDIN_FILENO : -1}};
        int left = time_left(waiting);
        if (left == 0) {
            return time_is_up(waiting);
        }
        int count = poll(ready, 3, left);
        int status = count > 0 && ready[0].revents ? message_serve(waiting) : -1;
        if (status >= 0) {
            return status;
        }
        if (count > 0 && !waiting->has_hung_up && terminal_is_gone(waiting)) {
            hang_up(waiting);
        }
        if (count > 0 && ready[1].revents && !signal_pass(waiting, signals)) {
            return RUN_SIGNAL + SIGINT;
        }
    }
}

int container_wait(int connection, const struct wait_plan *plan)
{
    static struct waiting waiting;
    struct termios settings;
    bool has_settings = plan->is_terminal && tcgetattr(STDIN_FILENO, &settings) == 0;
    const sigset_t set = signals_passed(plan->is_terminal);
    HOST_FD int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    waiting = (struct waiting){.plan = plan, .connection = connection};
    (void)clock_gettime(CLOCK_MONOTONIC, &waiting.end);
    waiting.end.tv_sec += (time_t)plan->timeout;
    waiting.end.tv_nsec += (long)((plan->timeout - (double)(long)plan->timeout) * 1e9);
    int status = wait_loop(&waiting, signals);
    if (has_settings) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
    }
    return status;
}
