/* SPDX-License-Identifier: BSD-2-Clause */
/* prctl(2), sched(7), getpriority(2), personality(2), capget(2), membarrier(2), unshare(2), clone(2)'s flags. */
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tell.h"

static void settings(void)
{
    int value = 77;
    TELL(prctl(PR_GET_DUMPABLE) == 0 || prctl(PR_GET_DUMPABLE) == 1);
    TELL(prctl(PR_SET_DUMPABLE, 1));
    TELL(prctl(PR_GET_DUMPABLE));
    TELL(prctl(PR_SET_DUMPABLE, 0));
    TELL(prctl(PR_GET_DUMPABLE));
    TELL(prctl(PR_SET_DUMPABLE, 2));
    TELL(prctl(PR_GET_PDEATHSIG, &value));
    TELL(value);
    TELL(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    TELL(prctl(PR_GET_PDEATHSIG, &value));
    TELL(value);
    TELL(prctl(PR_SET_PDEATHSIG, 100));
    TELL(prctl(PR_GET_PDEATHSIG, NOWHERE));
    TELL(prctl(PR_SET_PDEATHSIG, 0));
    TELL(prctl(PR_GET_KEEPCAPS));
    TELL(prctl(PR_SET_KEEPCAPS, 1));
    TELL(prctl(PR_GET_KEEPCAPS));
    TELL(prctl(PR_SET_KEEPCAPS, 2));
    TELL(prctl(PR_GET_TIMERSLACK));
    TELL(prctl(PR_SET_TIMERSLACK, 1234));
    TELL(prctl(PR_GET_TIMERSLACK));
    TELL(prctl(PR_SET_TIMERSLACK, 0));
    TELL(prctl(PR_GET_TIMERSLACK));
    TELL(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    TELL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 1));
    TELL(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    TELL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    TELL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    TELL(prctl(PR_GET_CHILD_SUBREAPER, &value));
    TELL(value);
    TELL(prctl(PR_CAPBSET_READ, 1000));
    TELL(personality(0xffffffff));
    TELL(personality(ADDR_NO_RANDOMIZE));
    TELL(personality(0xffffffff));
    TELL(personality(0));
}

static void schedules(void)
{
    struct sched_param param = {0};
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t rest[3];
    } attributes = {.size = 48};
    TELL(sched_getscheduler(0));
    TELL(sched_setscheduler(0, SCHED_BATCH, &param));
    TELL(sched_getscheduler(0));
    TELL(sched_setscheduler(0, SCHED_IDLE, &param));
    TELL(sched_getscheduler(getpid()));
    TELL(sched_setscheduler(0, SCHED_OTHER, NULL));
    TELL(sched_setscheduler(0, SCHED_OTHER, NOWHERE));
    TELL(sched_setscheduler(0, 77, &param));
    TELL(sched_setscheduler(0, -1, &param));
    TELL(sched_setscheduler(1 << 21, SCHED_OTHER, &param));
    TELL(sched_setscheduler(-1, SCHED_OTHER, &param));
    param.sched_priority = 5;
    TELL(sched_setscheduler(0, SCHED_OTHER, &param));
    TELL(sched_setparam(0, &param));
    param.sched_priority = 100;
    TELL(sched_setscheduler(0, SCHED_FIFO, &param));
    param.sched_priority = 0;
    TELL(sched_setscheduler(0, SCHED_FIFO, &param));
    TELL(sched_getparam(0, &param));
    TELL(param.sched_priority);
    TELL(sched_getparam(0, NULL));
    TELL(sched_getparam(1 << 21, &param));
    TELL(syscall(SYS_sched_getattr, 0, &attributes, 48, 0));
    TELL(attributes.policy);
    TELL(syscall(SYS_sched_getattr, 0, &attributes, 47, 0));
    TELL(syscall(SYS_sched_getattr, 0, NULL, 48, 0));
    TELL(syscall(SYS_sched_getattr, 0, &attributes, 48, 1));
    attributes.policy = SCHED_OTHER;
    attributes.size = 48;
    attributes.nice = 3;
    TELL(syscall(SYS_sched_setattr, 0, &attributes, 0));
    TELL(getpriority(PRIO_PROCESS, 0));
    attributes.size = 20;
    TELL(syscall(SYS_sched_setattr, 0, &attributes, 0));
    TELL(attributes.size >= 48);
    TELL(syscall(SYS_sched_setattr, 0, &attributes, 1));
    TELL(setpriority(PRIO_PROCESS, 0, 7));
    TELL(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    TELL(getpriority(PRIO_PROCESS, (id_t)getpid()));
    TELL(getpriority(77, 0));
    TELL(getpriority(PRIO_PROCESS, 1 << 21));
    TELL(setpriority(PRIO_PROCESS, 0, 100));
    TELL(getpriority(PRIO_PROCESS, 0));
    fflush(stdout);
    if (fork() == 0) {
        TELL(getpriority(PRIO_PROCESS, 0));
        _exit(0);
    }
    wait(NULL);
    cpu_set_t set;
    CPU_ZERO(&set);
    TELL(sched_setaffinity(0, sizeof set, &set));
    TELL(sched_setaffinity(0, sizeof set, NOWHERE));
    struct timespec interval = {0};
    TELL(sched_rr_get_interval(0, &interval));
    TELL(interval.tv_sec);
    TELL(sched_rr_get_interval(-1, &interval));
}

static void capabilities(void)
{
    struct __user_cap_header_struct header = {.version = 77};
    struct __user_cap_data_struct sets[2];
    TELL(syscall(SYS_capget, &header, NULL));
    TELL(header.version == _LINUX_CAPABILITY_VERSION_3);
    header.version = 77;
    TELL(syscall(SYS_capget, &header, sets));
    TELL(syscall(SYS_capget, &header, sets));
    TELL(syscall(SYS_capset, &header, sets));
    header.pid = -1;
    TELL(syscall(SYS_capget, &header, sets));
    header.pid = 1 << 21;
    TELL(syscall(SYS_capget, &header, sets));
    TELL(syscall(SYS_capget, NOWHERE, sets));
    TELL(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0) > 0);
    TELL(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
    TELL(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    TELL(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
    TELL(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    TELL(syscall(SYS_membarrier, 3, 0, 0));
    TELL(syscall(SYS_membarrier, -1, 0, 0));
    TELL(unshare(0));
    TELL(unshare(CLONE_FILES));
    TELL(unshare(1));
    TELL(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0));
    TELL(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0));
    TELL(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0));
}

/* Orphans go to the nearest ancestor that wants them, and hear of their parent's end. */
static void orphans(void)
{
    int ends[2], status;
    char text[40] = "";
    TELL(prctl(PR_SET_CHILD_SUBREAPER, 1));
    TELL(pipe(ends));
    fflush(stdout);
    pid_t self = getpid();
    if (fork() == 0) {
        int ready[2];
        if (pipe(ready) || fork() == 0) {
            sigset_t set;
            int value;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigprocmask(SIG_BLOCK, &set, NULL);
            prctl(PR_GET_PDEATHSIG, &value);
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            if (write(ready[1], "r", 1) != 1) {
                _exit(1);
            }
            int got = sigwaitinfo(&set, NULL);
            snprintf(text, sizeof text, "%d %d %d", value, got == SIGUSR1, getppid() == self);
            _exit(write(ends[1], text, sizeof text) < 0);
        }
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (write(ready[1], "r", 1) != 1) {
                _exit(1);
            }
            sleep(100);
        }
        for (int i = 0; i < 2; i++) {
            if (read(ready[0], text, 1) != 1) {
                _exit(1);
            }
        }
        _exit(5);
    }
    TELL(read(ends[0], text, sizeof text));
    puts(text);
    int all = 0;
    while (wait(&status) > 0) {
        all += status;
    }
    TELL(all == (5 << 8) + SIGKILL);
}

static void *named(void *argument)
{
    char name[16];
    prctl(PR_GET_NAME, name);
    printf("thread: %s\n", name);
    TELL(prctl(PR_SET_NAME, "worker"));
    fflush(stdout);
    if (fork() == 0) {
        prctl(PR_GET_NAME, name);
        printf("its child: %s\n", name);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    return argument;
}

static void names(void)
{
    char name[16];
    pthread_t thread;
    TELL(prctl(PR_SET_NAME, "first"));
    pthread_create(&thread, NULL, named, NULL);
    pthread_join(thread, NULL);
    prctl(PR_GET_NAME, name);
    puts(name);
    TELL(syscall(SYS_getrandom, name, 4, 6));
    TELL(syscall(SYS_getrandom, name, 4, 8));
    TELL(syscall(SYS_getrandom, name, 4, 4));
}

int main(void)
{
    names();
    settings();
    schedules();
    capabilities();
    orphans();
    return 0;
}
