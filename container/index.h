/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layers of a container's root, as the command that makes them and the personality that uses them agree on.
 *
 * A container has as its root the directory "rootfs" alone; or with "upper" an overlay, whose lower layer "rootfs" is
 * then. "upper-index" says what the host cannot say of files in the upper layer, "rootfs-index" of those in the lower
 * one, if it is there. An index is a directory with symbolic links, each named by a file's inode number in hexadecimal
 * digits, with INDEX_ENTRY as target: owner, group, mode, the inode number to be shown or 0, and the file's birth in
 * seconds and nanoseconds. Files that have one have the sticky bit on the host, which no others have in layers with an
 * index; symbolic links have no mode. What has none belongs to user 0 and has the host's mode.
 */
#ifndef SELKIE_CONTAINER_INDEX_H
#define SELKIE_CONTAINER_INDEX_H

#define INDEX_ENTRY "%x.%x.%x.%lx.%lx.%x"

#endif
