/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine that stays on: nothing runs any more and nothing can wake it, and yet the program waits, as an emulator
 * with its power on, until somebody tells it to leave. It takes no processor time meanwhile.
 */
#include <signal.h>
#include <sys/select.h>

#include "run/session.h"
#include "run/signals.h"

/* Signals stay blocked but while we wait, so that none comes between the look and the wait. */
static void wait_for_key(struct session *session, const sigset_t *unblocked)
{
    char bytes[64];
    fd_set ready;
    FD_ZERO(&ready);
    if (session->input.is_open) {
        FD_SET(session->input.fd, &ready);
    }
    if (pselect(session->input.fd + 1, &ready, NULL, NULL, NULL, unblocked) > 0) {
        (void)input_read(&session->input, bytes,
                         sizeof(bytes)); /* nobody is there to read what is not for us */
    }
}

void session_linger(struct session *session)
{
    sigset_t ends, unblocked;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGHUP);
    (void)sigaddset(&ends, SIGQUIT);
    (void)sigprocmask(SIG_BLOCK, &ends, &unblocked);
    while (!session->input.monitor.wants_end && !signals_received()) {
        wait_for_key(session, &unblocked);
    }
    (void)sigprocmask(SIG_SETMASK, &unblocked, NULL);
}
