/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/program.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "jail/rights.h"
#include "jail/scope.h"

static size_t list_len(const char *const *list)
{
    size_t n = 0;
    while (n <= PROGRAM_STRINGS_MAX && list[n])
        n++;
    return n;
}

static size_t list_bytes(const char *const *list, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count && bytes <= PROGRAM_BYTES_MAX; i++)
        bytes += strlen(list[i]) + 1;
    return bytes;
}

static const char *copy_string(char **at, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = memcpy(*at, text, len);
    *at += len;
    return copy;
}

static const char *const *copy_list(const char ***slots, char **at, const char *const *list,
                                    size_t count)
{
    const char **copy = *slots;
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_string(at, list[i]);
    copy[count] = NULL;
    *slots += count + 1;
    return copy;
}

/* The block: the struct, both lists of pointers, the strings. */
struct jail_program *program_copy_host(const struct jail_program *program, struct err *err)
{
    size_t nargs = list_len(program->argv), nenv = list_len(program->envp);
    if (nargs + nenv > PROGRAM_STRINGS_MAX) {
        err_set(err, ERR_LIMIT, "more than %d arguments and variables", PROGRAM_STRINGS_MAX);
        return NULL;
    }
    size_t bytes = list_bytes(program->argv, nargs) + list_bytes(program->envp, nenv) +
                   strlen(program->path) + strlen(program->cwd) + 2;
    if (bytes > PROGRAM_BYTES_MAX) {
        err_set(err, ERR_LIMIT, "arguments and variables have more than %u bytes",
                PROGRAM_BYTES_MAX);
        return NULL;
    }
    size_t pointers = (nargs + nenv + 2) * sizeof(char *);
    struct jail_program *copy = malloc(sizeof *copy + pointers + bytes);
    if (!copy) {
        err_set(err, ERR_MEMORY, "no memory for the program's arguments");
        return NULL;
    }
    const char **slots = (const char **)(copy + 1);
    char *at = (char *)(slots + nargs + nenv + 2);
    copy->argv = copy_list(&slots, &at, program->argv, nargs);
    copy->envp = copy_list(&slots, &at, program->envp, nenv);
    copy->path = copy_string(&at, program->path);
    copy->cwd = copy_string(&at, program->cwd);
    return copy;
}

/* "0" is the writing process. */
static int groups_program(struct build *b, struct err *err)
{
    const struct cgroup *g = &b->jail->cgroup;
    for (size_t i = 0; i < g->nattach; i++)
        if (write(g->attach_fds[i], "0", 1) != 1)
            return err_sys(err, "enter control group %zu", i);
    return 0;
}

/* Seen from inside, the group that the process is in by now is the root of all groups. */
static int group_view_program(struct build *b, struct err *err)
{
    (void)b;
    return unshare(CLONE_NEWCGROUP) < 0 ? err_sys(err, "unshare") : 0;
}

/* A session of its own: no terminal, and one process group for jail_signal. */
static int session_program(struct build *b, struct err *err)
{
    (void)b;
    return setsid() < 0 ? err_sys(err, "setsid") : 0;
}

static int streams_program(struct build *b, struct err *err)
{
    /* the pipes are above 2, see spawn.c; what opens now may be 0 to 2 */
    AUTO_FD int opened = open("/dev/null", O_RDONLY | O_CLOEXEC);
    AUTO_FD int null = opened < 0 ? -1 : fcntl(opened, F_DUPFD_CLOEXEC, 3);
    if (null < 0)
        return err_sys(err, "open '/dev/null'");
    attr_close(&opened);
    opened = -1;
    if (dup2(null, 0) < 0 || dup2(b->pipes.out[1], 1) < 0 || dup2(b->pipes.err[1], 2) < 0)
        return err_sys(err, "dup2");
    return 0;
}

static int limits_program(struct build *b, struct err *err)
{
    const struct jail *j = b->jail;
    /* of the same user, the jail's first process is counted too */
    unsigned first = j->ids.kind == IDS_OWN ? 1 : 0;
    return rights_limit(j->spec.limits.files, j->spec.limits.processes + first, err);
}

static int rights_program(struct build *b, struct err *err)
{
    const struct jail *j = b->jail;
    if (rights_become(j->spec.uid, j->spec.gid, j->ids.kind != IDS_OWN, err) < 0)
        return -1;
    return rights_drop(err);
}

static int folder_program(struct build *b, struct err *err)
{
    return chdir(b->program->cwd) < 0 ? err_sys(err, "'%s'", b->program->cwd) : 0;
}

/* A network of its own has no sockets of the host. */
static int scope_program(struct build *b, struct err *err)
{
    return b->jail->scoped ? scope_enter_child(err) : 0;
}

static int filter_program(struct build *b, struct err *err)
{
    return b->jail->filter.count ? filter_load_child(&b->jail->filter, err) : 0;
}

static const struct build_step steps[] = {
    {"control groups", groups_program, NULL},
    {"view of control groups", group_view_program, NULL},
    {"session", session_program, NULL},
    {"standard streams", streams_program, NULL},
    {"resource limits", limits_program, NULL},
    {"rights", rights_program, NULL},
    {"folder", folder_program,
     "it must be readable by others, as on Lambda: chmod -R go+rX on the function's folder"},
    {"host's sockets", scope_program, NULL},
    {"system call filter", filter_program, "the kernel needs CONFIG_SECCOMP_FILTER"},
};

void program_main(struct build *b)
{
    struct err err;
    if (build_run(steps, ARRAY_LEN(steps), b, &err) < 0) {
        build_report_child(b, REPORT_FAILED, &err, -1);
        _exit(127);
    }
    build_report_child(b, REPORT_STARTED, NULL, -1);
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(b->program->path, (char *const *)(uintptr_t)b->program->argv,
           (char *const *)(uintptr_t)b->program->envp);
    int failed = errno;
    (void)!write(b->pipes.exec[1], &failed, sizeof failed);
    _exit(127);
}
