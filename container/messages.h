/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process and the process server of its container say to each other: calls on CONTAINER_SLOT_SERVER, whose
 * badge tells the process. Word 0 of an answer is 0 or more, or a negative Linux error number.
 *
 * A process is one CSpace, one VSpace, one personality. `pid` names the caller (as does 0), or a process that it
 * *hosts*: a child by vfork(2) that has no address space of its own yet and lives in its parent's.
 * The server takes every word for an allegation; what a process may do to another is what kill(2), setpgid(2) and
 * wait(2) say.
 */
#ifndef SELKIE_CONTAINER_MESSAGES_H
#define SELKIE_CONTAINER_MESSAGES_H

#include <stdint.h>

enum server_message {
    SERVER_READY =
        0x200,  /* (slot): this notification capability is to be signalled when there is something to take
                           * -> the caller's pid */
    SERVER_IDS, /* () -> first of SERVER_ID_COUNT thread ids that nobody else has */
    SERVER_GRANT, /* (least bits, wish bits, slot): more memory -> the bits of an untyped in that slot, or -ENOMEM */
    SERVER_SLOTS, /* (): one more leaf of the CSpace -> its place in the root, -ENOMEM */
    SERVER_MEMORY, /* () -> bytes that are left in the container, word 1: bytes that it has */
    SERVER_NEW,    /* (pid of the parent) -> pid of a new child, which the caller hosts, or -EAGAIN */
    SERVER_BUILD, /* (pid, is_sharing): make CSpace and VSpace for a hosted process. is_sharing: it will get copies of
                    * frames, so all memory granted to the caller so far stays until both have given it up */
    SERVER_SHARE, /* (pid, then pairs of slot, count): copy capabilities to the same slots of what is being built */
    SERVER_COPY, /* (pid, then pairs of address, slot): copy pages of the caller's personality */
    SERVER_START, /* (pid, instruction pointer, stack pointer, start, end): copy the image and the stack, too, but for
                    * pages between these two, which are zero; it runs, and is hosted no more */
    SERVER_RENEW, /* (): make CSpace and VSpace anew for the caller itself -> an id for what follows: SERVER_SHARE and
                    * SERVER_COPY, then SERVER_START, which has no answer: what called does not go on. What was begun
                    * before ends. -EAGAIN: too many are about to be renewed */
    SERVER_RENEWED, /* (): all that the caller had before SERVER_START is deleted; its files are duplicates */
    SERVER_EXIT, /* (pid, status as of wait(2), nanoseconds of user and system time, with those of children that it
                   * waited for). For itself there is no answer */
    SERVER_STOPPED, /* (pid, status as of wait(2)): stopped by a signal, or continued */
    SERVER_WAIT, /* (pid, selector of waitpid, options) -> pid of the child with news, 0 for none yet, -ECHILD;
                     * word 1: its status, words 2 and 3: its times, when it told them */
    SERVER_KILL, /* (pid of the sender, selector of kill, signal, code, value) */
    SERVER_TAKE, /* () -> how many struct server_signal follow in words 2 and up, the most SERVER_SIGNALS; word 1:
                     * SERVER_IS_ALONE, SERVER_HAS_MORE, SERVER_FUTEXES, SERVER_TELL_NAME, SERVER_QUESTIONED */
    SERVER_SET_GROUP,   /* (pid, pid of the process, group): setpgid(2) */
    SERVER_GET_GROUP,   /* (pid, pid of the process) -> group, word 1: session, word 2: parent, word 3: 1 if
                         * the group is orphaned */
    SERVER_NEW_SESSION, /* (pid) -> session */
    SERVER_PASS,        /* (pid, enum server_passing, token, value, slot) */
    SERVER_TERMINAL,    /* (pid, enum server_terminal, id, value) */
    SERVER_FUTEX_WAIT,  /* (): the caller waits for futexes in memory that others have, too */
    SERVER_FUTEX_WAKE,  /* (): the others who do are to look again */
    SERVER_SET,         /* (pid, enum server_setting, value) */
    SERVER_SCHEDULE, /* MCS (), and a new thread: it gets time of its own; -EAGAIN */
    SERVER_NAME, /* (pid, bytes of arguments, then the name in SERVER_NAME_SIZE bytes and the arguments) */
    SERVER_ASK_NAME, /* (pid): let that process say SERVER_NAME again; it may have written over its arguments */
    SERVER_ADJUST, /* (pid, is set, value): what /proc calls oom_score_adj, kept for those who ask -> 0, word 1: it */
    SERVER_INFO, /* (pid): the process with the lowest id from there on -> its pid or -ESRCH, words 1 to 10:
                         * parent, group, session, state as /proc tells it, bytes granted, start time of the counter,
                         * bytes of arguments, id of its terminal plus 1 or 0, group in its foreground, its user (lower
                         * half) and group ids; then name and arguments as in SERVER_NAME. SERVER_NAME_IS_OLD is added
                         * to the state while the process was asked and has not said its name again */
    SERVER_QUESTION, /* (pid, bytes of text, text): what /proc has of that process, which is told to answer -> a number for
                      * this question; -EAGAIN while somebody else's waits for its answer; -ESRCH, -EINVAL */
    SERVER_QUESTION_TAKE, /* (): what the caller is asked -> its number, -ENOENT; word 1: who asks, as in word 10 of
                           * SERVER_INFO; word 2: bytes of text, which follows */
    SERVER_ANSWER, /* (number, enum server_answer or a negative error number, 1 if it is the last part, bytes, text): one more part
                    * of it. -ENOENT: nobody waits for it any more */
    SERVER_ANSWER_TAKE, /* (number, from which byte on) -> bytes that follow from word 3 on; word 1: as in SERVER_ANSWER; word 2:
                         * bytes of the whole. -EAGAIN: it is not complete; -ENOENT: it is gone */
    SERVER_MESSAGES
};

/* What an answer is: a file's text, a link's target, or names as in container/linux/names.h. */
enum server_answer {
    ANSWER_TEXT = 1,
    ANSWER_LINK,
    ANSWER_NAMES
};

/* What SERVER_TERMINAL is asked. A terminal's id is its number in /dev/pts. That of the container, if it has one, is 0;
 * those that programs make are below SERVER_TERMINALS; those of commands from there on, SERVER_CONSOLES of them. A *holder*
 * is a process that has a master open. */
enum server_terminal {
    TERMINAL_NEW, /* (slot of a master, of its terminal) -> id; the server keeps duplicates, of the master until nobody
                    * holds it, of the terminal until it is opened. -ENOSPC */
    TERMINAL_OPEN, /* (id or -1: the session's own, slot of an empty host object): it becomes the terminal -> id. -EIO,
                    * -ENXIO, -ENOMEM */
    TERMINAL_HOLD,           /* (bits): the caller holds these, and no others */
    TERMINAL_OWN,            /* () -> id of the session's, -ENXIO */
    TERMINAL_TAKE,           /* (id, is_stealing): TIOCSCTTY */
    TERMINAL_LEAVE,          /* (id): TIOCNOTTY */
    TERMINAL_GET_FOREGROUND, /* (id, is_master) -> group */
    TERMINAL_SET_FOREGROUND, /* (id, group) */
    TERMINAL_GET_SESSION,    /* (id, is_master) */
    TERMINAL_IS_BACKGROUND,  /* (id) -> 1: it is the caller's own, and another group is in its foreground;
                              * 2: and the caller's group is orphaned */
    TERMINAL_SIGNAL,         /* (id, signal): for the foreground group */
    TERMINAL_LOCK,           /* (id, is_locked): TIOCSPTLCK */
    TERMINAL_IS_LOCKED,      /* (id) */
    TERMINAL_LIST            /* (part) -> bits: which there are of the ids from part * SERVER_TERMINALS on */
};

/* Files on their way from one process to another (SCM_RIGHTS). They are kept as duplicates in a *parcel*, which lives for
 * as long as the pipe that was shown with it has a reader: that end travels in the message, and the token in it. */
enum server_passing {
    PASS_NEW,  /* (-, -, slot of the end that is written to) -> token. -ETOOMANYREFS */
    PASS_ADD, /* (token, of a master its terminal's id and 1, slot of a file): one more of it; who is on the way holds the
               * terminal, too. -ETOOMANYREFS, -EINVAL */
    PASS_TAKE, /* (token, index, slot of an empty host object): it becomes that file. -EINVAL */
    PASS_DONE, /* (token): nobody will take any more */
    PASS_KNOWS /* (-, inode): is this the pipe of a parcel? Others are from outside, and not to be read -> 1 or 0 */
};

enum {
    SERVER_TERMINALS = 63, /* their bits are no negative number */
    SERVER_CONSOLES = 32,
    SERVER_ID_COUNT = 32,
    SERVER_TURNS = 1025, /* threads of a process that have time, the most: THREADS and the personality's */
    SERVER_PAIRS = 50, /* the most in one message */
    SERVER_SIGNALS = 24,
    SERVER_NAME_SIZE = 16,
    SERVER_ARGUMENTS_SIZE = 256,
    SERVER_NAME_IS_OLD = 256,
    SERVER_IS_ALONE = 1, /* no other process holds a frame of the caller's any more */
    SERVER_HAS_MORE = 2,
    SERVER_FUTEXES = 4, /* look again at futexes in common memory */
    SERVER_TELL_NAME = 8, /* somebody asked for it */
    SERVER_QUESTIONED = 16, /* somebody asks something */
    SERVER_QUESTION_SIZE = 128,
    SERVER_PART_SIZE = 896, /* of an answer, the most in one message */
    SERVER_ANSWER_SIZE = 65536
};

enum server_setting {
    SERVER_SET_DEATH_SIGNAL, /* that the process gets when its parent ends; 0: none. A child has none */
    SERVER_SET_REAPER,       /* 1: it gets the children of descendants that end */
    SERVER_SET_IDENTITY      /* what others are told: the user id, in the upper half, and the group id */
};

struct server_signal {
    int32_t pid; /* of the process that it is for: the caller, or one that it hosts */
    int32_t signal, code;
    int32_t sender;
    uint64_t value; /* SIGCHLD: status as of wait(2) */
};

#endif
