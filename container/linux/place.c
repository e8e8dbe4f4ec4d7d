/* SPDX-License-Identifier: BSD-2-Clause */
/* To the host or to the overlay. */
#include "container/linux/place.h"

#include "container/linux/host.h"

#define PLACE(place, operation, ...)                                                                         \
    HOST((place)->directory, operation, 0, NULL, (uint64_t)(place)->below, (place)->length, __VA_ARGS__)

bool place_is_file(const struct place *place)
{
    return !place->is_overlay && !place->length &&
           HOST(place->directory, HOST_OBJECT_KIND, 0, NULL, 0) == HOST_FILE;
}

static long file_open(const struct place *place, uint64_t flags, const struct object_box *box)
{
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        return -EEXIST;
    }
    return flags & O_DIRECTORY ? -ENOTDIR
                               : HOST(place->directory, HOST_OBJECT_DUPLICATE, box->object, NULL, 0);
}

long place_open(const struct place *place, uint64_t flags, uint64_t mode, const struct object_box *box,
                enum overlay_layer *layer)
{
    *layer = LAYER_NONE;
    if (place->is_overlay) {
        return overlay_open(place->below, flags, mode, box, layer);
    }
    if (place_is_file(place)) {
        return file_open(place, flags, box);
    }
    return HOST(place->directory, HOST_DIRECTORY_OPEN, box->object, NULL, (uint64_t)place->below,
                place->length, flags, mode);
}

long place_stat(const struct place *place, uint64_t flags, struct statx *status)
{
    if (place->is_overlay) {
        return overlay_stat(place->below, status);
    }
    return place_is_file(place) ? HOST(place->directory, HOST_FILE_STAT, 0, NULL, (uint64_t)status)
                          : PLACE(place, HOST_DIRECTORY_STAT, flags, (uint64_t)status);
}

long place_stat_host(const struct place *place, struct statx *status)
{
    static struct overlay_node node;
    if (!place->is_overlay) {
        return place_stat(place, 0, status);
    }
    long error = overlay_look(place->below, &node);
    *status = node.status;
    return error;
}

long place_read_link(const struct place *place, char *to, uint64_t room)
{
    return place->is_overlay ? overlay_read_link(place->below, to, room)
                             : PLACE(place, HOST_DIRECTORY_READ_LINK, (uint64_t)to, room);
}

long place_make_directory(const struct place *place, uint64_t mode)
{
    return place->is_overlay ? overlay_make_directory(place->below, mode)
                             : PLACE(place, HOST_DIRECTORY_MAKE, mode);
}

long place_make_node(const struct place *place, uint64_t mode)
{
    return place->is_overlay ? overlay_make_node(place->below, mode)
                             : PLACE(place, HOST_DIRECTORY_MAKE_NODE, mode);
}

long place_symlink(const struct place *place, const char *target, uint64_t length)
{
    return place->is_overlay ? overlay_symlink(place->below, target, length)
                             : PLACE(place, HOST_DIRECTORY_SYMLINK, (uint64_t)target, length);
}

long place_remove(const struct place *place, uint64_t flags)
{
    return place->is_overlay ? overlay_remove(place->below, flags & AT_REMOVEDIR)
                             : PLACE(place, HOST_DIRECTORY_REMOVE, flags);
}

long place_set_mode(const struct place *place, uint64_t mode)
{
    return place->is_overlay ? overlay_set_mode(place->below, mode)
                             : PLACE(place, HOST_DIRECTORY_SET_MODE, mode);
}

long place_set_times(const struct place *place, uint64_t flags, const void *times)
{
    return place->is_overlay ? overlay_set_times(place->below, times)
                             : PLACE(place, HOST_DIRECTORY_SET_TIMES, flags, (uint64_t)times);
}

/* The host's owners stay what they are. */
long place_set_owner(const struct place *place, uint64_t flags, uint32_t user, uint32_t group)
{
    static struct statx status;
    return place->is_overlay ? overlay_set_owner(place->below, user, group)
                             : place_stat(place, flags, &status);
}

long place_rename(const struct place *old, const struct place *new, uint64_t flags)
{
    return old->is_overlay
               ? overlay_rename(old->below, new->below, flags)
               : HOST(old->directory, HOST_DIRECTORY_RENAME, new->directory, NULL, (uint64_t)old->below,
                      old->length, (uint64_t) new->below, new->length, flags);
}

long place_link(const struct place *old, const struct place *new)
{
    return old->is_overlay ? overlay_link(old->below, new->below)
                           : HOST(old->directory, HOST_DIRECTORY_LINK, new->directory, NULL,
                                  (uint64_t)old->below, old->length, (uint64_t) new->below, new->length);
}
