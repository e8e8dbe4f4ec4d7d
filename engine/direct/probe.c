/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can this host run the engine? Start a template and have it make a guest process.
 */
#include <errno.h>

#include "engine/direct/monitor.h"
#include "host/fd.h"
#include "host/map.h"

int direct_engine_probe(struct diag *diag)
{
    struct engine *e = NULL;
    struct kernel k = {.memory_size = HOST_PAGE};
    HOST_FD int arena_fd = fd_memory("selkie-probe", HOST_PAGE, diag);
    HOST_FD int vector_fd = arena_fd < 0 ? -1 : fd_memory("selkie-probe", 2 * HOST_PAGE, diag);
    int error = arena_fd < 0 ? arena_fd : vector_fd;
    if (error < 0)
        return error;
    error = direct_engine_create(&e, &k, arena_fd, vector_fd, diag);
    if (!error)
        error = direct_engine_start(e);
    if (!error)
        error = guest_try(e);
    direct_engine_close(e);
    if (error)
        diag_add(diag, "this host does not run guest processes as the direct engine needs them");
    return error;
}
