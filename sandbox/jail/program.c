/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "jail/rights.h"

/* "0" is the writing process. */
static int groups_program(struct build *b, struct err *err)
{
    const struct cgroup *g = &b->jail->cgroup;
    for (size_t i = 0; i < g->nattach; i++)
        if (write(g->attach_fds[i], "0", 1) != 1)
            return err_sys(err, "enter control group %zu", i);
    return 0;
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
    return rights_limit(b->jail->spec.limits.files, b->jail->spec.limits.processes, err);
}

static int rights_program(struct build *b, struct err *err)
{
    if (rights_become(b->jail->spec.uid, b->jail->spec.gid, err) < 0)
        return -1;
    return rights_drop(err);
}

static int folder_program(struct build *b, struct err *err)
{
    return chdir(b->program->cwd) < 0 ? err_sys(err, "'%s'", b->program->cwd) : 0;
}

static const struct build_step steps[] = {
    {"control groups", groups_program, NULL},
    {"session", session_program, NULL},
    {"standard streams", streams_program, NULL},
    {"resource limits", limits_program, NULL},
    {"rights", rights_program, NULL},
    {"folder", folder_program, NULL},
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
