/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside the jail and tries to get out. Static and built plain, as probe.c. Usage:
 *   escape try FILE      every line of FILE: "VERB ARGUMENT...", answered by "LINE => RESULT"
 *   escape stay WHAT     leaves something behind, see escape_stay.c
 *   escape who           whether it was started with more rights than its caller has
 * A result is "ok", what was found, the name of an errno, or how the attempt's process ended. */
#include "escape.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 60

const char *outcome(long result)
{
    return result < 0 ? strerrorname_np(errno) : "ok";
}

static int who(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2] = {{0}};
    syscall(SYS_capget, &head, caps);
    printf("%s, capabilities %x",
           geteuid() == getuid() && getegid() == getgid() ? "same" : "raised",
           caps[0].effective | caps[1].effective | caps[0].permitted | caps[1].permitted);
    return 0;
}

static const struct verb *find(const char *name)
{
    const struct {
        const struct verb *verbs;
        size_t count;
    } tables[] = {{file_verbs, file_verbs_count},
                  {rights_verbs, rights_verbs_count},
                  {net_verbs, net_verbs_count}};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (size_t i = 0; i < tables[t].count; i++)
            if (strcmp(tables[t].verbs[i].name, name) == 0)
                return &tables[t].verbs[i];
    return NULL;
}

static void attempt(char *line)
{
    char *args[VERB_ARGS_MAX + 2] = {NULL}, *save = NULL, text[512];
    snprintf(text, sizeof text, "%s", line);
    size_t n = 0;
    for (char *word = strtok_r(text, " ", &save); word && n <= VERB_ARGS_MAX;
         word = strtok_r(NULL, " ", &save))
        args[n++] = word;
    const struct verb *v = n ? find(args[0]) : NULL;
    bool right = v && (size_t)v->args == n - 1;
    alarm(PATIENCE_S);
    const char *result = right ? v->run(args + 1) : "no such attempt";
    printf("%s => %s\n", line, result);
    fflush(stdout);
    _exit(0);
}

/* Each in a process of its own, so that it may lose what it has. */
static int try_all(const char *path)
{
    char line[512];
    FILE *in = fopen(path, "re");
    while (in && fgets(line, sizeof line, in)) {
        int status = 0;
        line[strcspn(line, "\n")] = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            attempt(line);
        waitpid(child, &status, 0);
        if (!WIFEXITED(status) || child < 0)
            printf("%s => %s\n", line, child < 0 ? "no process" : strsignal(WTERMSIG(status)));
    }
    printf("%s\n", in ? "all tried" : "no list");
    return in ? 0 : 1;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "who") == 0)
        return who();
    if (argc == 3 && strcmp(argv[1], "try") == 0)
        return try_all(argv[2]);
    if (argc == 3 && strcmp(argv[1], "stay") == 0)
        return stay(argv[2]);
    fprintf(stderr, "escape: try FILE, stay WHAT\n");
    return 2;
}
