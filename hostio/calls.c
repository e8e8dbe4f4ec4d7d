/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux system calls that this folder makes. A filter that lets these pass lets host I/O work;
 * tests/hostio watches that no other is made.
 */
#include "hostio/parts.h"

const uint16_t hostio_system_calls[] = {
    __NR_read,        __NR_write,           __NR_close,      __NR_poll,       __NR_lseek,
    __NR_ioctl,       __NR_pread64,         __NR_pwrite64,   __NR_socket,     __NR_connect,
    __NR_sendmsg,     __NR_recvmsg,         __NR_shutdown,   __NR_bind,       __NR_listen,
    __NR_getsockname, __NR_getpeername,     __NR_setsockopt, __NR_getsockopt, __NR_fsync,
    __NR_fdatasync,   __NR_ftruncate,       __NR_fchmod,     __NR_getdents64, __NR_clock_gettime,
    __NR_epoll_ctl,   __NR_mkdirat,         __NR_mknodat,    __NR_unlinkat,   __NR_linkat,
    __NR_symlinkat,   __NR_readlinkat,      __NR_fchmodat,   __NR_utimensat,  __NR_timerfd_create,
    __NR_fallocate,   __NR_timerfd_settime, __NR_accept4,    __NR_renameat2,  __NR_preadv2,
    __NR_pwritev2,    __NR_statx,           __NR_openat2,    NR_FCHMODAT2,    __NR_pipe2,
    __NR_socketpair,  __NR_eventfd2,        __NR_fcntl,       __NR_flock,
    __NR_epoll_wait,  __NR_epoll_create1,  __NR_sendto,    __NR_recvfrom,
    __NR_syncfs,
};
const unsigned hostio_system_call_count = sizeof(hostio_system_calls) / sizeof(hostio_system_calls[0]);
