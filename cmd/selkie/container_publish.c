/* SPDX-License-Identifier: BSD-2-Clause */
/* Published ports. Whether one can be had is found out by binding it for a moment, as servers do: what a connection leaves
 * behind does not count, nor does who is bound without listening and would share. */
#include "container_publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "container_live.h"
#include "host/fd.h"
#include "run/say.h"

static bool port_read(const char *text, unsigned *port)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    *port = (unsigned)value;
    return end != text && !*end && text[0] >= '0' && text[0] <= '9' && value > 0 && value <= 65535;
}

static bool is_everywhere(const struct container_port_map *port)
{
    return strcmp(port->address, "0.0.0.0") == 0;
}

/* The same port of the host, at an address that both have. */
static bool ports_meet(const struct container_port_map *one, const struct container_port_map *other)
{
    return one->host == other->host &&
           (is_everywhere(one) || is_everywhere(other) || strcmp(one->address, other->address) == 0);
}

bool publish_add(struct container_options *options, const char *text)
{
    char copy[64];
    struct container_port_map port = {.address = "127.0.0.1"};
    struct in_addr address;
    if (options->port_count == CONTAINER_PUBLISHED) {
        say("--publish=%s: more than %d of them", text, CONTAINER_PUBLISHED);
        return false;
    }
    (void)snprintf(copy, sizeof(copy), "%s", text);
    char *inside = strrchr(copy, ':');
    if (inside) {
        *inside++ = '\0';
    }
    char *host = strrchr(copy, ':');
    if (host) {
        *host++ = '\0';
        (void)snprintf(port.address, sizeof(port.address), "%.15s",
                       strcmp(copy, "*") == 0 ? "0.0.0.0" : copy);
    }
    if (!inside || !port_read(inside, &port.inside) || !port_read(host ? host : copy, &port.host) ||
        inet_pton(AF_INET, port.address, &address) != 1) {
        say("--publish=%s: not of the form [ADDRESS:]PORT:PORT, with an address of IPv4", text);
        return false;
    }
    for (unsigned i = 0; i < options->port_count; i++) {
        const struct container_port_map *other = &options->port[i];
        if (other->inside == port.inside || ports_meet(other, &port)) {
            say("--publish=%s: port %u of the %s is published already", text,
                other->inside == port.inside ? port.inside : port.host,
                other->inside == port.inside ? "container" : "host");
            return false;
        }
    }
    options->port[options->port_count++] = port;
    return true;
}

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
                ports_meet(&other, port)) {
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
