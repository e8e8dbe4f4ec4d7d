/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The standard streams. See streams.h.
 */
#include "cmd/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/run.h"
#include "run/say.h"

/* What stands in a closed stream's place refuses what the stream is for, as a closed one would. */
void streams_open(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)!open("/dev/null", modes[fd]);
        }
    }
    (void)signal(SIGXFSZ, SIG_IGN); /* memory files count too: an error, not our end */
}

int streams_finish(int status)
{
    if (fflush(stdout) != 0 && status == RUN_OK) {
        say("cannot write the output: %s", strerror(errno));
        return RUN_HOST;
    }
    return status;
}
