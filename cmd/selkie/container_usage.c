/* SPDX-License-Identifier: BSD-2-Clause */
/* Usage of the commands of `selkie container`. */
#include "container_usage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run/run.h"
#include "run/say.h"

struct usage {
    const char *command, *arguments;
    const char *short_text; /* in the list of all */
    const char *text;       /* more about it; NULL: nothing */
};

static const char run_text[] =
    "       selkie container run [options] --image=IMAGE [COMMAND [ARGUMENTS]]\n"
    "\n"
    "Run a Linux program in a container: threads of an seL4 system that all of a user's containers share.\n"
    "\n"
    "      --rootfs=DIR[:ro|:O]  its root file system; with :O the directory stays as it is, and what the\n"
    "                            container changes goes with the container; or\n"
    "      --image=PATH          an OCI layout or archive, or an archive of docker save, used as with :O\n"
    "      --name=NAME           to find it by; otherwise a name is made up\n"
    "  -d, --detach              in the background: print the name and leave; output goes to its log\n"
    "  -i, --interactive         with -d: nothing; otherwise standard input is the container's anyway\n"
    "  -t, --tty                 standard input is a terminal and the container's controlling terminal\n"
    "      --rm                  remove it, its log and its files when it ends; without -d that is done "
    "anyway\n"
    "      --restart=POLICY      no, always, on-failure or on-failure:TIMES\n"
    "  -m, --memory=SIZE         its memory, with K, M or G; default 256M\n"
    "      --shm-size=SIZE       of /dev/shm, in the host's memory; default 64M; 0: there is none\n"
    "      --cpu=PERCENT%        its share of the processor, from 1%; with --mcs\n"
    "  -e, --env=NAME[=VALUE]    may be repeated; the environment is empty otherwise, but for PATH and HOME\n"
    "  -w, --workdir=DIR         in the container; default /, or the image's\n"
    "  -u, --user=UID[:GID]      of the program; default 0:0, or the image's\n"
    "  -v, --volume=HOST:DIR[:ro]\n"
    "                            a directory or file of the host at a path of the container\n"
    "  -p, --publish=[ADDRESS:]PORT:PORT\n"
    "                            what listens at the second port inside is reached at the first one of the\n"
    "                            host; ADDRESS is 127.0.0.1 unless it is given\n"
    "      --network=RULES       sockets: any, or rules as for --host-network; default: none\n"
    "      --engine=NAME         how to run it; `selkie engines` lists what this host can\n"
    "      --mcs                 on the MCS kernel\n"
    "      --alone               in an seL4 system of its own, which no other command knows\n"
    "      --timeout=SECONDS     end it after that, with status 124\n"
    "      --verbose             --alone, and show what the system and Selkie said\n"
    "  -h, --help                this text\n"
    "\n"
    "Ending this command ends the container, unless it is detached. Exit status: that of the program,\n"
    "128 + N if signal N ended it, 127 if there is no such program, 126 if it cannot be run, 125 if the\n"
    "container could not be made, 124 timeout, 2 bad usage.\n";

static const struct usage usages[] = {
    {"run", "[options] COMMAND [ARGUMENTS]", "run a Linux program in a container", run_text},
    {"exec", "[options] NAME COMMAND [ARGUMENTS]", "a command inside a container that runs",
     "\n"
     "  -d, --detach              only start it; what it writes is lost\n"
     "  -i, --interactive         nothing: standard input is the command's anyway, without -d\n"
     "  -t, --tty                 standard input is a terminal and the command's controlling terminal\n"
     "  -e, --env=NAME[=VALUE]    may be repeated; the rest of the environment is the container's\n"
     "  -u, --user=UID[:GID]      default: the container's\n"
     "  -w, --workdir=DIR         default: the container's\n"
     "\n"
     "Exit status: that of the command, 128 + N if signal N ended it, 127 if there is no such program, 126 "
     "if\n"
     "it cannot be run, 125 if no such container runs, 2 bad usage.\n"},
    {"ps", "[-a]", "what runs; -a: and what ended", NULL},
    {"logs", "[-f] NAME", "what a detached container wrote; -f: and what it will write", NULL},
    {"stop", "[-t SECONDS] NAME...", "SIGTERM; SIGKILL if it still runs after 10 seconds", NULL},
    {"kill", "[-s SIGNAL] NAME...", "a signal for its first process; default KILL", NULL},
    {"wait", "NAME...", "wait for the end, print the exit status", NULL},
    {"rm", "[-f] NAME...", "remove a detached container that ended; -f: end it first", NULL},
    {"stats", "", "memory, processes, processor time of what runs",
     "\nOn the MCS kernel it looks twice, 0.4 seconds apart, to tell how much of the processor each uses.\n"},
    {"inspect", "NAME...", "all about a container, as JSON",
     "\nOn the MCS kernel it looks twice, 0.4 seconds apart, to tell how much of the processor each uses.\n"},
    {"shutdown", "", "end all containers and their manager", NULL},
};

static const struct usage *usage_of(const char *command)
{
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
        if (strcmp(usages[i].command, command) == 0) {
            return &usages[i];
        }
    }
    return NULL;
}

void usage_print_all(void)
{
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
        char words[128];
        int length = snprintf(words, sizeof(words), "%s %s", usages[i].command, usages[i].arguments);
        printf("%6s selkie container %-15s%s%*s%s\n", i ? "" : "usage:", words, length > 15 ? "\n" : "",
               length > 15 ? 40 : 1, "", usages[i].short_text);
    }
    puts("\nA command's --help says more. Exit status: run and exec: see there; else 0, 1 if something did "
         "not work,\n"
         "2 bad usage.");
}

void usage_print(const char *command)
{
    const struct usage *usage = usage_of(command);
    if (usage) {
        printf("usage: selkie container %s%s%s\n", command, usage->arguments[0] ? " " : "", usage->arguments);
        if (usage != usages) { /* run's text begins with another usage line */
            printf("\n%s\n", usage->short_text);
        }
        (void)fputs(usage->text ? usage->text : "", stdout);
    }
}

int usage_say(const char *command, const char *problem, ...)
{
    char text[512];
    const struct usage *usage = usage_of(command);
    const char *what = usage ? usage->arguments : "";
    va_list arguments;
    va_start(arguments, problem);
    (void)vsnprintf(text, sizeof(text), problem, arguments);
    va_end(arguments);
    say("container %s: %s; usage: selkie container %s%s%s", command, text, command, what[0] ? " " : "", what);
    return RUN_BAD_INPUT;
}

/* What getopt_long did not take: a long option is named as it was given, a short one alone. */
static void option_refuse(const char *command, int key, const char *word)
{
    char option[256];
    bool is_long = strncmp(word, "--", 2) == 0;
    if (is_long) {
        (void)snprintf(option, sizeof(option), "%s", word);
    } else {
        (void)snprintf(option, sizeof(option), "-%c", optopt);
    }
    say("container %s: %s: %s; see selkie container %s --help", command, option,
        key == ':'                               ? "needs a value"
        : is_long && strchr(word, '=') && optopt ? "takes no value"
                                                 : "no such option",
        command);
}

void usage_begin(void)
{
    optind = 0; /* glibc: forget the word that was being read, too */
    opterr = 0;
}

int usage_next(int count, char **arguments, const char *shorts, const struct option *longs)
{
    int at = optind ? optind : 1;
    int key = getopt_long(count, arguments, shorts, longs, NULL);
    if (key == 'h') {
        usage_print(arguments[0]);
        return USAGE_HELP;
    }
    if (key == '?' || key == ':') {
        option_refuse(arguments[0], key, arguments[optind > at ? optind - 1 : at]);
        return USAGE_WRONG;
    }
    return key == -1 ? USAGE_END : key;
}

int usage_status(int outcome)
{
    return outcome == USAGE_WRONG ? RUN_BAD_INPUT : RUN_OK;
}

bool usage_flag(int count, char **arguments, const char *flag, bool *is_set, int *status)
{
    const struct option longs[] = {{flag, no_argument, NULL, flag[0]}, USAGE_LONG_HELP};
    const char shorts[] = {':', 'h', flag[0], '\0'};
    int key;
    *is_set = false;
    usage_begin();
    while ((key = usage_next(count, arguments, shorts, longs)) >= 0) {
        *is_set = true;
    }
    *status = usage_status(key);
    return key == USAGE_END;
}

bool usage_plain(int count, char **arguments, int *status)
{
    static const struct option longs[] = {USAGE_LONG_HELP};
    usage_begin();
    int outcome = usage_next(count, arguments, ":h", longs);
    *status = usage_status(outcome);
    return outcome == USAGE_END;
}
