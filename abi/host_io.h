/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host I/O by capability: Selkie's extension of seL4, as numbers. Read by the kernel, by the host side (hostio/)
 * and by programs (through lib/selkie/include/selkie/host.h). Nothing of it exists on a real kernel, and nothing of
 * it is reachable without a capability that the command line gave to the initial thread.
 *
 * A *host object* is made from untyped memory like any object (seL4_Untyped_Retype with HOST_IO_TYPE) and is empty
 * at first. An invocation of a directory, network, clock or socket capability turns an empty object, which it names
 * as extra capability, into something open; pipes and what else reaches nobody outside can be made of empty objects
 * alone. Deleting its last capability closes it.
 *
 * Rights of a capability: seL4_CanRead and seL4_CanWrite. What an object was opened through limits it for ever
 * (`access`): a directory opened through a read-only capability is read-only whatever its own capabilities say.
 *
 * Every invocation answers with label seL4_NoError and message word 0 = result: 0 or more, or a negative Linux
 * error number of the host (-ENOENT); or it fails as seL4 invocations do (IllegalOperation for the wrong kind,
 * InvalidCapability(i) for extra capabilities, TruncatedMessage, InvalidArgument(i) for addresses that are no user
 * addresses), in this order: kind, message, access, extra capabilities, addresses. Where the access is missing,
 * the result is -EROFS for what writes to a directory, -EBADF for files, sockets and timers, else -EACCES. No
 * invocation waits: what is not ready answers -EAGAIN.
 *
 * Memory is named by addresses in the caller's own VSpace, where it must be mapped (for what is written to it,
 * writable, else -EFAULT), and not device memory. Data goes from and to it directly; one invocation moves at most
 * HOST_IO_PIECES pieces of memory, so it may do less than asked, as read and write may anyway.
 */
#ifndef SELKIE_ABI_HOST_IO_H
#define SELKIE_ABI_HOST_IO_H

#define HOST_IO_TYPE  0x5e10   /* object type */
#define HOST_IO_BITS  8        /* of an object, log2 of bytes; the size argument is ignored */
#define HOST_IO_LABEL 0x5e1000 /* the label of an invocation is this plus its enum host_operation */
#define HOST_IO_BOOTINFO                                                                                     \
    0x5e1001 /* id of the extra bootinfo header (struct host_bootinfo); its capabilities are the last ones before \
                bootinfo.empty.start, in order */

enum {
    HOST_IO_PATH = 4096,     /* bytes of a path, the terminating zero included */
    HOST_IO_SMALL = 256,     /* bytes of a socket address, an option, terminal settings, a struct statx */
    HOST_IO_PIECES = 32,     /* pieces of contiguous memory that one transfer moves */
    HOST_IO_BYTES = 1 << 20, /* and bytes */
    HOST_IO_NAME = 48,       /* bytes of a name in the bootinfo, the terminating zero included */
    HOST_IO_ROOTS = 32,      /* capabilities in the bootinfo */
    HOST_IO_WHOLE = 1 << 30, /* a flag: all of the memory must be there, in HOST_IO_PIECES pieces, else -EFAULT */
    HOST_IO_NO_LINKS = 1 << 29, /* a flag: -ELOOP where a component that is not the last one is a symbolic link */
    HOST_IO_WINDOW_BITS = 38    /* of the largest window, log2 of bytes */
};

enum host_kind {
    HOST_EMPTY,
    HOST_DIRECTORY,
    HOST_FILE,    /* a file, pipe, terminal */
    HOST_SOCKET,  /* also answers what a file answers */
    HOST_NETWORK, /* makes sockets within its policy */
    HOST_CLOCK,
    HOST_TIMER,     /* also answers FILE_READ (8 bytes: expirations) */
    HOST_READY_SET, /* files that are ready, behind one notification */
    HOST_WINDOW,    /* part of a file as memory */
    HOST_EPOLL      /* an epoll instance; is watched and polled as a file is */
};

enum host_access {
    HOST_READ = 1,
    HOST_WRITE = 2
};

/* Flags and modes are Linux's on x86-64. "-> object": extra capability 0 is an empty host object with both rights.
 * A directory is the root of every path into it: "..", a leading slash and absolute symbolic links end at it. What
 * changes something answers -EROFS where the directory allows no writing. */
enum host_operation {
    /* Any object, any right; so it is below where no right is named. */
    HOST_OBJECT_KIND, /* () -> enum host_kind, word 1: access (object and capability) */
    HOST_OBJECT_DUPLICATE, /* () -> object: the same open file, as dup makes one: position and state are shared, who
                            * watches it is not. Allows what this capability does. Not of empty objects and ready sets */
    /* Empty object, both rights. */
    HOST_OBJECT_MAKE_READY_SET, /* () */
    HOST_OBJECT_MAKE_PIPE, /* () -> object, the end that is written to; the invoked object is the one that is read */
    HOST_OBJECT_MAKE_SOCKET_PAIR, /* (type) -> object: two Unix sockets, the invoked one and this, which are connected
                                   * to each other and to nobody else. SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
    HOST_OBJECT_MAKE_EVENT, /* (initial, flags): eventfd; flags: EFD_SEMAPHORE */
    HOST_OBJECT_MAKE_TERMINAL, /* () -> object, a terminal; the invoked object is its other side, the master */
    HOST_OBJECT_MAKE_EPOLL, /* () */
    /* Ready set. */
    HOST_READY_BIND, /* (), extra 0: a notification capability with write right, or none to unbind; read right. It is
                      * signalled at once if files are ready */
    HOST_READY_TAKE, /* (buffer, count) -> how many struct host_event were written, oldest first, 256 at most; read
                      * right */
    /* File, socket, timer. */
    HOST_FILE_WATCH, /* (events, token), extra 0: ready set with write right. Once one of `events` (EPOLLIN, EPOLLOUT,
                      * EPOLLRDHUP, EPOLLPRI; errors and hang-up always) is or becomes true, the file goes on the
                      * ready list with its token and the notification is signalled, once; then watch again. events
                      * 0: no longer, and off the list; that needs no set. -EPERM: regular files are always ready. */
    HOST_FILE_POLL,  /* (events) -> those that are true now */
    HOST_FILE_READ,  /* (buffer, size, offset, flags); offset -1: at the position; flags: RWF_DSYNC, _SYNC,
                      * _NOWAIT, _APPEND of preadv2, else -EOPNOTSUPP. Sockets: offset -1, flags 0. And HOST_IO_WHOLE */
    HOST_FILE_WRITE, /* (buffer, size, offset, flags) */
    HOST_FILE_SEEK,  /* (offset, whence) -> position */
    HOST_FILE_STAT,  /* (buffer): struct statx, 256 bytes */
    HOST_FILE_SET_SIZE, /* (size); write */
    HOST_FILE_ALLOCATE, /* (mode, offset, size): fallocate; write */
    HOST_FILE_SYNC,     /* (extent), also of directories. 0: all of it, 1: its data, 2: all of its file system */
    HOST_FILE_SET_MODE, /* (mode); write */
    HOST_FILE_SET_TIMES, /* (buffer): two struct timespec; write */
    HOST_FILE_CONTROL,  /* (request, buffer): TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, TIOCSWINSZ, FIONREAD;
                         * else -ENOTTY. None waits for output that is still on its way */
    HOST_FILE_PIPE_SIZE, /* (size) -> bytes that the pipe holds, after making it `size` large unless that is 0 */
    HOST_FILE_LOCK, /* (whole, type, start, size): whole 0: a lock of the open file on a part of it (F_OFD_SETLK), type
                     * F_RDLCK, F_WRLCK, F_UNLCK, size 0 to the end; whole 1: on all of it, as flock(2), type LOCK_SH,
                     * LOCK_EX, LOCK_UN; whole 2: asks (F_OFD_GETLK) -> the type of a lock that is in the way or F_UNLCK,
                     * plus 4 times its size; word 1: its start. -EAGAIN while another open file has the lock */
    HOST_FILE_PEER, /* () -> object: the terminal whose master this is, opened once more; both rights. -EIO: there is none
                     * any more, or this is no master; -ENOTTY: nor a terminal */
    HOST_FILE_WINDOW, /* (offset, size) -> object: a window on this part of a regular file, up to 2^HOST_IO_WINDOW_BITS
                       * bytes; offset a multiple of 4096. Its memory is writable if the capability is; read. -ENODEV
                       * for what is no regular file */
    /* Window. */
    HOST_WINDOW_TAKE, /* (index, depth), extra 0: a CNode. Put a capability to the window's device untyped into the slot
                       * that is found so -> its size, log2. Frames that are made of it show the file, from the
                       * window's offset on. RevokeFirst while there is one already. They go when the window does; read */
    /* Directory. A path of length 0 is the directory itself. */
    HOST_DIRECTORY_OPEN, /* (path, length, flags, mode) -> object, a directory or a file, nonblocking. Flags: O_ACCMODE,
                          * O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_DSYNC, O_SYNC, O_PATH,
                          * O_TMPFILE; else -EINVAL. Devices: -ENXIO, except null, zero, full, random, urandom, tty */
    HOST_DIRECTORY_LIST, /* (buffer, size): getdents64 */
    HOST_DIRECTORY_REWIND, /* (offset): lseek of a directory */
    HOST_DIRECTORY_STAT, /* (path, length, flags, buffer): struct statx; flags: AT_SYMLINK_NOFOLLOW,
                          * HOST_IO_NO_LINKS */
    HOST_DIRECTORY_READ_LINK, /* (path, length, buffer, size) */
    HOST_DIRECTORY_MAKE, /* (path, length, mode): mkdir; write, as all that follow */
    HOST_DIRECTORY_MAKE_NODE, /* (path, length, mode): FIFO or socket node only */
    HOST_DIRECTORY_REMOVE, /* (path, length, flags): AT_REMOVEDIR */
    HOST_DIRECTORY_RENAME, /* (path, length, new path, new length, flags), extra 0: the new one's directory. Flags:
                            * RENAME_NOREPLACE, RENAME_EXCHANGE */
    HOST_DIRECTORY_LINK,   /* (path, length, new path, new length), extra 0: the new one's directory */
    HOST_DIRECTORY_SYMLINK, /* (path, length, target, target length) */
    HOST_DIRECTORY_SET_MODE, /* (path, length, mode) */
    HOST_DIRECTORY_SET_TIMES, /* (path, length, flags, buffer): two struct timespec */
    /* Network. */
    HOST_NETWORK_SOCKET, /* (domain, type, protocol) -> object; -EACCES outside the policy */
    HOST_NETWORK_RESTRICT, /* (rules, length) -> object: a network whose sockets these rules must allow, too. Rules as
                            * text, as in --host-network */
    /* Socket. Addresses are struct sockaddr_*; outside the network's policy -EACCES. */
    HOST_SOCKET_BIND,    /* (address, length); write */
    HOST_SOCKET_CONNECT, /* (address, length); write; -EINPROGRESS as usual */
    HOST_SOCKET_LISTEN,  /* (backlog); write */
    HOST_SOCKET_ACCEPT,  /* (address, size) -> object; word 1: length of the address; read */
    HOST_SOCKET_SEND,    /* (buffer, size, flags, address, length); length 0: none; write */
    HOST_SOCKET_RECEIVE, /* (buffer, size, flags, address, size); word 1: length of the address; read */
    HOST_SOCKET_RECEIVE_OBJECT, /* (buffer, size, flags, address, size) -> object, if a descriptor came along
                                 * (SCM_RIGHTS), else it stays empty; word 1: 1 if one did, plus 2^32 times the length
                                 * of the address; read. Directory, file or socket, with the access that it is open
                                 * for, directories with both, sockets without a policy. More than one are closed;
                                 * what must not be used here is, and the answer -EOPNOTSUPP */
    HOST_SOCKET_SEND_OBJECT, /* (buffer, size, flags, address, length), extra 0: a file, whose descriptor goes along;
                                 * write. Regular files and pipes, and only through a capability that allows all that
                                 * they are open for, else -EPERM: who receives it gets no more than this is */
    HOST_SOCKET_SHUTDOWN, /* (how) */
    HOST_SOCKET_GET_OPTION, /* (level, name, buffer, size); word 1: length */
    HOST_SOCKET_SET_OPTION, /* (level, name, buffer, size); SO_ATTACH_*, SO_BINDTODEVICE, SO_MARK and such, and
                               * SO_LINGER with a time: -EPERM */
    HOST_SOCKET_NAME,       /* (is_peer, buffer, size); word 1: length */
    /* Clock; the host's time, in virtual time too. */
    HOST_CLOCK_READ, /* (clock): CLOCK_REALTIME, _MONOTONIC, _BOOTTIME, the _COARSE ones; word 1: nanoseconds */
    HOST_CLOCK_TIMER, /* (clock) -> object */
    HOST_TIMER_SET,   /* (first_ns, interval_ns, is_absolute); first 0 stops it; write */
    /* Epoll. */
    HOST_EPOLL_CONTROL, /* (operation, events, data), extra 0: a file, socket, timer or epoll instance with any right:
                         * epoll_ctl; write */
    HOST_EPOLL_TAKE,    /* (buffer, size) -> how many struct epoll_event were written; read */
    HOST_OPERATIONS
};

/* The names that the host's errors have in the reply are Linux's; these are the sizes of what is passed in memory. */
struct host_event {
    unsigned long token;
    unsigned long events;
};

struct host_bootinfo_entry {
    unsigned kind, access;
    char name[HOST_IO_NAME]; /* as the command line gave it: "root", "stdin", "network" */
};

struct host_bootinfo { /* behind the seL4_BootInfoHeader */
    unsigned long count;
    struct host_bootinfo_entry entry[];
};

/* The TCB extension: TCB invocation HOST_IO_LABEL + TCB_SYSCALL_RANGE (start, end). While end is not 0, a `syscall`
 * instruction of this thread outside [start, end) is an unknown-syscall fault, whatever its registers say. */
#define TCB_SYSCALL_RANGE 0x100

#endif
