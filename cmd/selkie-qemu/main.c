/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selkie-qemu: an seL4 system with QEMU's command line and QEMU's habits. What seL4's generated `simulate` script
 * starts as QEMU may be this program.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/streams.h"
#include "options.h"
#include "run/gen_config.h"
#include "run/say.h"

/* The console is standard output, wherever that leads. */
static bool console_redirect(const struct qemu_options *options)
{
    const char *path = options->console_path;
    int in = options->has_input ? STDIN_FILENO : open("/dev/null", O_RDONLY);
    int out = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : STDOUT_FILENO;
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0) {
        say("-serial file:%s: %s", path ? path : "", strerror(errno));
        return false;
    }
    return in >= 0 && dup2(in, STDIN_FILENO) >= 0;
}

/* The kernel itself is not needed, but the build that it lies in says how it was configured. */
static bool kernel_look(struct qemu_options *options)
{
    if (!options->kernel) {
        return true;
    }
    if (access(options->kernel, R_OK) != 0) {
        say("-kernel %s: %s", options->kernel, strerror(errno));
        return false;
    }
    if (gen_config_find(options->kernel, options->kernel_config_path)) {
        options->run.kernel_config = options->kernel_config_path;
    }
    return true;
}

/* An emulator that a signal ends has done nothing wrong. */
static int status_as_qemu(int status)
{
    return status > RUN_SIGNAL ? RUN_OK : status;
}

int main(int count, char **arguments)
{
    struct qemu_options options;
    streams_open();
    switch (qemu_options_parse(&options, count, arguments)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_DONE:
        return streams_finish(RUN_OK);
    case OPTIONS_BAD:
        return RUN_BAD_INPUT;
    }
    if (!kernel_look(&options) || !console_redirect(&options)) {
        return RUN_BAD_INPUT;
    }
    return streams_finish(status_as_qemu(run_image(&options.run)));
}
