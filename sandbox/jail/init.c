/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "jail/etc.h"
#include "jail/files.h"
#include "jail/net.h"
#include "jail/program.h"
#include "jail/rights.h"
#include "jail/root.h"
#include "jail/stop.h"

#define FDS_MAX 128

/* Handlers of the caller must not run here: its event loop does not expect it. */
static void reset_signals(void)
{
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
}

static void add_fd(int fds[static FDS_MAX], size_t *n, int fd)
{
    size_t at = *n;
    if (fd < 0 || at == FDS_MAX)
        return;
    for (; at > 0 && fds[at - 1] > fd; at--)
        fds[at] = fds[at - 1];
    fds[at] = fd;
    ++*n;
}

/* Closes all that was not made for this spawn: above all other jails' lifelines, and the slot's
 * lock, which must end with the caller. */
static int close_others(const struct build *b)
{
    int fds[FDS_MAX];
    size_t n = 0;
    const struct build_pipes *p = &b->pipes;
    const struct cgroup *g = &b->jail->cgroup;
    const int ends[] = {p->report[1], p->exec[1], p->end[1],  p->lifeline[1],
                        p->out[1],    p->err[1],  g->thaw_fd, g->program_fd};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        add_fd(fds, &n, ends[i]);
    for (size_t i = 0; i < b->ntrees; i++)
        add_fd(fds, &n, b->trees[i].fd);
    for (size_t i = 0; i < b->nlayers; i++)
        add_fd(fds, &n, b->layers[i].fd);
    for (size_t i = 0; i < g->nattach; i++)
        add_fd(fds, &n, g->attach_fds[i]);

    unsigned from = 0;
    for (size_t i = 0; i < n; from = (unsigned)fds[i++] + 1)
        if ((unsigned)fds[i] > from && close_range(from, (unsigned)fds[i] - 1, 0) < 0)
            return -1;
    return close_range(from, ~0u, 0);
}

static bool host_is_gone(const struct build *b)
{
    struct pollfd fd = {.fd = b->pipes.lifeline[1]};
    return poll(&fd, 1, 0) > 0;
}

/* While the jail is being built, the kernel ends this process with the caller's thread; the
 * lifeline tells whether that thread was gone before we asked. */
static int guard_death(const struct build *b)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return -1;
    if (host_is_gone(b))
        _exit(1);
    return 0;
}

/* Other processes inside may read the command line of every process: the caller's has secrets.
 * Strings of the spec may lie in it, so that this comes when they are no longer needed. */
static int name_child(struct build *b, struct err *err)
{
    const struct jail *j = b->jail;
    static const char name[] = "init";
    (void)err;
    if (j->command_line_len < sizeof name)
        return 0;
    volatile char *at = j->command_line;
    for (size_t i = 0; i < j->command_line_len; i++)
        at[i] = i < sizeof name ? name[i] : 0;
    prctl(PR_SET_NAME, name);
    return 0;
}

/* A caller that the kernel must not choose when memory is short would pass that on: then nothing
 * inside could be killed at the memory limit. Before this process gives up its owner. */
static int accept_oom_kills(struct err *err)
{
    static const char path[] = "/proc/self/oom_score_adj";
    char text[16];
    if (files_read(AT_FDCWD, path, text, sizeof text, err) < 0)
        return -1;
    return text[0] == '-' ? files_write(AT_FDCWD, path, "0", err) : 0;
}

static int guard_child(struct build *b, struct err *err)
{
    if (accept_oom_kills(err) < 0)
        return -1;
    reset_signals();
    umask(022);
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || guard_death(b) < 0)
        return err_sys(err, "prctl");
    if (close_others(b) < 0)
        return err_sys(err, "close_range (Linux 5.9 or newer is needed)");
    return setsid() < 0 ? err_sys(err, "setsid") : 0;
}

/* Waits for the host to have written the maps, then becomes the jail's root. */
static int become_root_child(struct build *b, struct err *err)
{
    char go;
    if (read(b->pipes.report[1], &go, 1) != 1)
        _exit(1);
    const struct ids *ids = &b->jail->ids;
    if (rights_become(ids_first_uid(ids), ids_first_gid(ids), ids->kind != IDS_OWN, err) < 0)
        return -1;
    /* a change of ids has switched this off */
    return guard_death(b) < 0 ? err_sys(err, "prctl") : 0;
}

static int hostname_child(struct build *b, struct err *err)
{
    const char *name = b->jail->spec.hostname;
    return sethostname(name, strlen(name)) < 0 ? err_sys(err, "'%s'", name) : 0;
}

static int bound_child(struct build *b, struct err *err)
{
    (void)b;
    return rights_bound(err);
}

static const struct build_step steps[] = {
    {"guard", guard_child, NULL},
    {"tmp of the jail", root_keep_tmp_child, NULL},
    {"folders of the host", root_take_child, NULL},
    {"ids", become_root_child, NULL},
    {"host name", hostname_child, NULL},
    {"network", net_build_child, NULL},
    {"root", root_start_child, NULL},
    {"system folders", root_trees_child, NULL},
    {"etc", etc_build_child, NULL},
    {"layers", root_layers_child, NULL},
    {"binds", root_binds_child, NULL},
    {"devices", root_devices_child, "the host's /dev must not be mounted nodev"},
    {"proc", root_proc_child,
     "the caller's own /proc must not be masked, as container engines do: docker run "
     "--security-opt "
     "systempaths=unconfined, podman run --security-opt unmask=ALL"},
    {"tmp", root_tmp_child, NULL},
    {"pivot", root_finish_child, NULL},
    {"name", name_child, NULL},
    {"capabilities", bound_child, NULL},
};

/* Reaps orphans. The program itself stays a zombie: its number, by which the host sends signals,
 * cannot be another process's until this one ends. True once the program has ended. */
static bool reap(const struct build *b, pid_t program)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return false;
        if (info.si_pid != program) {
            waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
            continue;
        }
        struct build_end end = {.signaled = info.si_code != CLD_EXITED, .code = info.si_status};
        (void)!write(b->pipes.end[1], &end, sizeof end);
        return true;
    }
}

/* Until the host kills this process, and all others with it, or is gone itself: then a frozen jail
 * has to be thawed, or its processes would not take the signal that ends them. */
_Noreturn static void watch(const struct build *b, pid_t program)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    int lifeline = b->pipes.lifeline[1];
    struct pollfd fds[] = {{.fd = lifeline, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    prctl(PR_SET_PDEATHSIG, 0);
    if (host_is_gone(b) || signals < 0)
        _exit(1);
    struct stop stop = {0};
    for (bool ended = reap(b, program);;) {
        fds[1].fd = ended ? -1 : signals;
        if (poll(fds, ARRAY_LEN(fds), stop_wait_ms_child(&stop)) < 0)
            continue;
        if (fds[0].revents && !stop_answer_child(&stop, lifeline))
            break;
        if (!stop_guard_child(&stop))
            break;
        struct signalfd_siginfo info;
        while (read(signals, &info, sizeof info) > 0)
            ;
        ended = reap(b, program);
    }
    const struct cgroup *g = &b->jail->cgroup;
    if (g->thaw_fd >= 0)
        (void)!pwrite(g->thaw_fd, g->thaw_text, strlen(g->thaw_text), 0);
    _exit(0);
}

/* What the program needs and this process must not keep open: the pipes' other ends would stay. */
static void let_go(const struct build *b)
{
    close(b->pipes.exec[1]);
    close(b->pipes.report[1]);
    close(b->pipes.out[1]);
    close(b->pipes.err[1]);
    for (size_t i = 0; i < b->jail->cgroup.nattach; i++)
        close(b->jail->cgroup.attach_fds[i]);
    attr_close(&b->jail->cgroup.program_fd);
}

/* The program starts as a copy of this process; on cgroup v2 in its group from birth, which spares
 * it the wait of a later move. */
static long clone_program(const struct build *b)
{
    int group = b->jail->cgroup.program_fd;
    struct clone_args args = {.exit_signal = SIGCHLD};
    if (group >= 0) {
        args.flags = CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)group;
    }
    return build_clone(&args);
}

/* What is left to do for this process itself, while the program starts. */
static int settle(const struct build *b, struct err *err)
{
    const struct jail *j = b->jail;
    bool kills = j->stops && j->ids.kind != IDS_OWN;
    if ((kills ? rights_drop_to_kill(err) : rights_drop(err)) < 0)
        return -1;
    return j->filter.count ? filter_load_child(&j->filter, err) : 0;
}

void init_main_child(struct build *b)
{
    struct err err;
    if (build_run(steps, ARRAY_LEN(steps), b, &err) < 0) {
        build_report_child(b, REPORT_FAILED, &err, -1);
        _exit(1);
    }
    long program = clone_program(b);
    if (program == 0)
        program_main(b);
    if (program < 0)
        err_sys(&err, "jail: start the program's process");
    if (program < 0 || settle(b, &err) < 0) {
        err.kind = ERR_HOST;
        build_report_child(b, REPORT_FAILED, &err, -1);
        _exit(1);
    }
    let_go(b);
    watch(b, (pid_t)program);
}
