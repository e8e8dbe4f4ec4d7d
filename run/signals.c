/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signal handlers. What they need is global: a handler gets no argument of ours.
 */
#include "run/signals.h"

#include <signal.h>
#include <stddef.h>

#include "run/input.h"

static volatile sig_atomic_t received;
static const struct engine_class *volatile watched_class;
static struct engine *volatile watched_engine;

static void handle_end(int number)
{
    received = number;
    if (watched_class && watched_engine) {
        watched_class->kick(watched_engine);
    }
}

static void handle_crash(int number)
{
    (void)signal(number, SIG_DFL);
    input_restore_terminal();
    (void)raise(number);
}

static void handler_install(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

/* A crash handler that somebody else put there (a sanitizer's) reports better than ours would. */
static void crash_install(int number)
{
    struct sigaction old;
    if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
        handler_install(number, handle_crash);
    }
}

/* Under nohup a hangup stays ignored. */
static void hangup_install(void)
{
    struct sigaction old;
    if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
        handler_install(SIGHUP, handle_end);
    }
}

void signals_watch(const struct engine_class *class, struct engine *engine)
{
    watched_engine = engine;
    watched_class = class;
    handler_install(SIGINT, handle_end);
    handler_install(SIGTERM, handle_end);
    hangup_install();
    handler_install(SIGQUIT, handle_end);
    handler_install(SIGPIPE, SIG_IGN);
    crash_install(SIGABRT);
    crash_install(SIGSEGV);
    crash_install(SIGBUS);
    crash_install(SIGILL);
}

void signals_release(void)
{
    watched_class = NULL;
    watched_engine = NULL;
}

int signals_received(void)
{
    return received;
}
