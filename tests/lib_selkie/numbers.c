/* SPDX-License-Identifier: BSD-2-Clause */
/* Every number and structure of selkie/host_linux.h against the host's headers. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include <selkie/host_linux.h>

#define SAME(name) _Static_assert((unsigned long)SELKIE_##name == (unsigned long)(name), #name)
#define MEMBER(ours, our_member, theirs, their_member)                                                       \
    _Static_assert(offsetof(struct ours, our_member) == offsetof(struct theirs, their_member), #our_member)

SAME(EPERM);
SAME(ENOENT);
SAME(EIO);
SAME(ENXIO);
SAME(EBADF);
SAME(EAGAIN);
SAME(ENOMEM);
SAME(EACCES);
SAME(EFAULT);
SAME(EEXIST);
SAME(EXDEV);
SAME(ENOTDIR);
SAME(EISDIR);
SAME(EINVAL);
SAME(ENFILE);
SAME(EMFILE);
SAME(ENOTTY);
SAME(ENOSPC);
SAME(ESPIPE);
SAME(EROFS);
SAME(EPIPE);
SAME(ENAMETOOLONG);
SAME(ENOSYS);
SAME(ENOTEMPTY);
SAME(ELOOP);
SAME(EADDRINUSE);
SAME(ECONNRESET);
SAME(EOPNOTSUPP);
SAME(ENOTCONN);
SAME(ECONNREFUSED);
SAME(EINPROGRESS);
SAME(O_RDONLY);
SAME(O_WRONLY);
SAME(O_RDWR);
SAME(O_CREAT);
SAME(O_EXCL);
SAME(O_TRUNC);
SAME(O_APPEND);
SAME(O_DSYNC);
SAME(O_DIRECTORY);
SAME(O_NOFOLLOW);
SAME(O_SYNC);
SAME(O_PATH);
SAME(O_TMPFILE);
SAME(AT_SYMLINK_NOFOLLOW);
SAME(AT_REMOVEDIR);
SAME(RENAME_NOREPLACE);
SAME(RENAME_EXCHANGE);
SAME(SEEK_SET);
SAME(SEEK_CUR);
SAME(SEEK_END);
SAME(S_IFMT);
SAME(S_IFSOCK);
SAME(S_IFLNK);
SAME(S_IFREG);
SAME(S_IFBLK);
SAME(S_IFDIR);
SAME(S_IFCHR);
SAME(S_IFIFO);
SAME(DT_UNKNOWN);
SAME(DT_FIFO);
SAME(DT_DIR);
SAME(DT_REG);
SAME(DT_LNK);
SAME(DT_SOCK);
SAME(EPOLLIN);
SAME(EPOLLPRI);
SAME(EPOLLOUT);
SAME(EPOLLERR);
SAME(EPOLLHUP);
SAME(EPOLLRDHUP);
SAME(AF_UNIX);
SAME(AF_INET);
SAME(AF_INET6);
SAME(SOCK_STREAM);
SAME(SOCK_DGRAM);
SAME(SOCK_SEQPACKET);
SAME(EFD_SEMAPHORE);
SAME(SHUT_RD);
SAME(SHUT_WR);
SAME(SHUT_RDWR);
SAME(SOL_SOCKET);
SAME(SO_REUSEADDR);
SAME(SO_ERROR);
SAME(SO_SNDBUF);
SAME(SO_RCVBUF);
SAME(SO_KEEPALIVE);
SAME(IPPROTO_TCP);
SAME(IPPROTO_UDP);
SAME(TCP_NODELAY);
SAME(CLOCK_REALTIME);
SAME(CLOCK_MONOTONIC);
SAME(CLOCK_REALTIME_COARSE);
SAME(CLOCK_MONOTONIC_COARSE);
SAME(CLOCK_BOOTTIME);

_Static_assert(sizeof(struct selkie_host_time) == sizeof(struct timespec), "struct timespec");
_Static_assert(sizeof(struct selkie_host_stat) == sizeof(struct statx), "struct statx");
MEMBER(selkie_host_stat, mode, statx, stx_mode);
MEMBER(selkie_host_stat, inode, statx, stx_ino);
MEMBER(selkie_host_stat, size, statx, stx_size);
MEMBER(selkie_host_stat, blocks, statx, stx_blocks);
MEMBER(selkie_host_stat, accessed, statx, stx_atime);
MEMBER(selkie_host_stat, born, statx, stx_btime);
MEMBER(selkie_host_stat, changed, statx, stx_ctime);
MEMBER(selkie_host_stat, modified, statx, stx_mtime);
MEMBER(selkie_host_stat, rdev_major, statx, stx_rdev_major);
MEMBER(selkie_host_stat, dev_minor, statx, stx_dev_minor);
MEMBER(selkie_host_dirent, offset, dirent64, d_off);
MEMBER(selkie_host_dirent, size, dirent64, d_reclen);
MEMBER(selkie_host_dirent, type, dirent64, d_type);
MEMBER(selkie_host_dirent, name, dirent64, d_name);
_Static_assert(sizeof(struct selkie_host_inet_address) == sizeof(struct sockaddr_in), "struct sockaddr_in");
MEMBER(selkie_host_inet_address, port, sockaddr_in, sin_port);
MEMBER(selkie_host_inet_address, address, sockaddr_in, sin_addr);
