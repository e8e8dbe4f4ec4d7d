/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `selkie container run`. */
#ifndef SELKIE_CMD_SELKIE_CONTAINER_OPTIONS_H
#define SELKIE_CMD_SELKIE_CONTAINER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "container_manager.h"
#include "container_message.h"

enum {
    CONTAINER_VOLUMES = 14,
    CONTAINER_PUBLISHED = 14, /* two network rules each */
    CONTAINER_RULES_SIZE = 2048
};

struct container_volume {
    char *host;
    const char *inside; /* absolute */
    bool is_read_only;
};

struct container_port_map {
    char address[16]; /* of the host, IPv4 */
    unsigned host, inside;
};

struct container_options {
    struct manager_kind kind;
    char *rootfs;                         /* NULL: see image */
    bool is_rootfs_read_only, is_overlay; /* images are always overlays */
    const char *image;                    /* NULL: see rootfs */
    const char *name;                     /* NULL: one is made up */
    const char *restart, *workdir, *user;
    unsigned cpu_permille; /* 0: no limit */
    uint64_t memory;       /* bytes; 0: the default */
    uint64_t shm_bytes;    /* of /dev/shm; 0: there is none */
    unsigned volume_count, port_count;
    struct container_volume volume[CONTAINER_VOLUMES];
    struct container_port_map port[CONTAINER_PUBLISHED];
    char network[CONTAINER_RULES_SIZE]; /* rules; "": none */
    double timeout;                     /* seconds; 0: none */
    bool is_detached, is_terminal, is_removed, is_alone, is_verbose;
    struct message environment; /* env fields */
    char **command;             /* NULL at the end; empty: the image's */
};

/* 0: go on; else an exit status plus 1. */
int container_options_parse(struct container_options *options, int count, char **arguments);

/* False: it is not absolute, which was said. */
bool container_workdir_check(const char *directory);

/* Add NAME=VALUE, or what NAME is in our own environment, if it is there. False: no room, which was said. */
bool container_variable_add(struct message *environment, const char *text);

#endif
