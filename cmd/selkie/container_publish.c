/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether ports can be had, found out by binding them for a moment, as servers do: what a connection leaves behind does
 * not count, nor does who is bound without listening and would share. */
#include "container_publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "container_live.h"
#include "host/fd.h"
#include "run/say.h"

/* 0 or an errno. */
static int port_try(const struct container_port_map *port)
{
    const int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port->host)};
    HOST_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)inet_pton(AF_INET, port->address, &address.sin_addr);
    bool is_good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
                   bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    return is_good ? 0 : errno;
}

/* The container that was promised this port, or NULL. Its manager would refuse another one, too, but knows only its own. */
static const char *holder_find(json_t *live, const struct container_port_map *port)
{
    json_t *unit;
    const json_t *text;
    const char *name;
    size_t i;
    json_object_foreach(live, name, unit)
    {
        json_array_foreach(json_object_get(unit, "port"), i, text)
        {
            struct container_port_map other = {.address = ""};
            if (sscanf(json_string_value(text), "%15[0-9.]:%u:%u", other.address, &other.host,
                       &other.inside) == 3 &&
                container_ports_meet(&other, port)) {
                return name;
            }
        }
    }
    return NULL;
}

static bool port_check(json_t *live, const struct container_port_map *port)
{
    const char *holder = holder_find(live, port);
    int error = holder ? EADDRINUSE : port_try(port);
    if (error) {
        say("container run: cannot publish %s:%u: %s%s%s", port->address, port->host, strerror(error),
            holder ? ", by container " : "", holder ? holder : "");
    }
    return !error;
}

bool publish_check(const struct container_options *options)
{
    json_t *live = options->port_count ? live_all() : NULL;
    bool is_good = live || !options->port_count;
    for (unsigned i = 0; i < options->port_count && is_good; i++) {
        is_good = port_check(live, &options->port[i]);
    }
    json_decref(live);
    return is_good;
}
