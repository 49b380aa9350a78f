/* SPDX-License-Identifier: Apache-2.0 */
#include "core/worker.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/crash.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/snapshot.h"
#include "core/stop.h"
#include "core/watch.h"

/* Managed Instances tell the caller of a timeout and let the handler run, for ever if it hangs. */
#define WORKER_OVERTIME_MS 1000

static _Noreturn void end(bool failed)
{
    fflush(NULL);
    _exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* On Managed Instances log lines are told apart by the connection that they come on: one for each
 * worker, for what it logs and for what its handler prints. */
static int connect_log(const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_INPUT, "log socket '%s' is longer than %zu bytes", path,
                       sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return err_sys(err, "connect to the log socket '%s'", path);
    if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        return err_sys(err, "write to the log socket '%s'", path);
    return 0;
}

/* What a fork shares with its parent and must not, and what it does not inherit. */
static int become_worker(const struct workers_job *job, const struct worker_start *start,
                         struct err *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return err_sys(err, "follow the parent's end");
    if (getppid() != start->parent) /* it ended before that */
        end(true);
    if (job->spare_fd >= 0)
        close(job->spare_fd);
    int stop_fd = stop_install(err);
    if (stop_fd < 0)
        return -1;
    job->rapi->conn.wake_fd = stop_fd;
    crash_set_worker();
    unsetenv("_X_AMZN_TRACE_ID"); /* each event has its own, in the context alone */
    if (!job->settings->margin_ms)
        watch_set_margin(-WORKER_OVERTIME_MS);
    sigprocmask(SIG_SETMASK, &start->mask, NULL);
    return 0;
}

static void report_unfit(const struct workers_job *job, const struct worker_start *start)
{
    const struct failure *f = &job->ctx->failure;
    start->word->unfit = start->first;
    if (start->first && !__atomic_exchange_n(start->posted, true, __ATOMIC_RELAXED))
        loop_fail_init(job->rapi, f);
    else
        log_failure(LAMBDA_ERROR, NULL, f);
}

_Noreturn void worker_main(const struct workers_job *job, const struct worker_start *start)
{
    struct err err;
    if (become_worker(job, start, &err) != 0) {
        log_line(LAMBDA_ERROR, NULL, "worker: %s", err.msg);
        end(true);
    }
    if (job->settings->log_socket && connect_log(job->settings->log_socket, &err) != 0)
        log_line(LAMBDA_WARN, NULL, "%s: the log goes on to stderr", err.msg);
    if (snapshot_run_after(job->table, job->ctx) != 0) {
        report_unfit(job, start);
        end(true);
    }
    job->ctx->progress = &start->word->answered;
    bool failed = loop_run(job->rapi, job->table, job->ctx, &err) != 0;
    if (failed) {
        start->word->api_lost = true;
        log_line(LAMBDA_ERROR, NULL, "worker: %s", err.msg);
    }
    end(failed);
}
