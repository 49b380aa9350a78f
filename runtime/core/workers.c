/* SPDX-License-Identifier: Apache-2.0 */
#include "core/workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "core/log.h"
#include "core/stop.h"
#include "core/worker.h"

/* One place for a worker, and who has it. */
struct place {
    pid_t pid; /* 0: nobody runs */
    bool given_up, api_lost, started;
    unsigned failures; /* starts in a row that came to nothing */
    int64_t since_ms;  /* when it was started, or when it will be */
};

/* Memory that parent and workers share. */
struct shared {
    bool posted;
    struct worker_word words[];
};

struct workers {
    const struct workers_job *job;
    struct sigaction old_child; /* as the module left it */
    struct shared *shared;
    size_t shared_size;
    size_t count;
    struct place places[];
};

static int child_fd = -1;

static void on_sigchld(int sig)
{
    (void)sig;
    int saved = errno;
    uint64_t one = 1;
    ssize_t n = write(child_fd, &one, sizeof one);
    (void)n; /* full: it is readable then */
    errno = saved;
}

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct workers *workers_new(const struct workers_job *job, struct err *err)
{
    size_t count = job->settings->workers;
    struct workers *w = calloc(1, sizeof *w + count * sizeof *w->places);
    if (!w) {
        err_set(err, ERR_MEMORY, "no memory for %zu workers", count);
        return NULL;
    }
    w->job = job;
    w->count = count;
    w->shared_size = sizeof *w->shared + count * sizeof *w->shared->words;
    w->shared =
        mmap(NULL, w->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w->shared == MAP_FAILED) {
        err_sys(err, "share memory with workers");
        free(w);
        return NULL;
    }
    return w;
}

static void workers_free(struct workers *w)
{
    munmap(w->shared, w->shared_size);
    free(w);
}

/* The module's own handler goes on in the workers. */
static int watch_children(struct workers *w, struct err *err)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    child_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (child_fd < 0)
        return err_sys(err, "eventfd");
    if (sigaction(SIGCHLD, &action, &w->old_child) != 0)
        return err_sys(err, "catch SIGCHLD");
    return 0;
}

/* ---- starting and ending ------------------------------------------------------------------- */

/* After a start that came to nothing: again, later and later, or never. */
static void plan_start(struct place *p)
{
    p->failures++;
    p->given_up = p->failures >= WORKERS_STARTS;
    p->since_ms = now_ms(CLOCK_MONOTONIC);
    if (p->failures > 1)
        p->since_ms += WORKERS_BACKOFF_MS << (p->failures - 2);
    if (p->api_lost)
        p->since_ms += WORKERS_API_MS; /* the others find out meanwhile */
}

static void start_worker(struct workers *w, struct place *p)
{
    size_t index = (size_t)(p - w->places);
    struct worker_start start = {.parent = getpid(),
                                 .first = !p->started,
                                 .word = &w->shared->words[index],
                                 .posted = &w->shared->posted};
    sigset_t all;
    *start.word = (struct worker_word){0};
    fflush(NULL); /* or every worker would write it once more */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &start.mask);
    pid_t pid = fork();
    if (pid == 0) {
        sigaction(SIGCHLD, &w->old_child, NULL);
        close(child_fd);
        worker_main(w->job, &start);
    }
    int error = errno;
    sigprocmask(SIG_SETMASK, &start.mask, NULL);
    if (pid < 0) {
        plan_start(p);
        log_line(LAMBDA_ERROR, NULL, "worker %zu cannot be started: fork: %s%s", index + 1,
                 strerror(error), p->given_up ? "; it is given up" : "");
        return;
    }
    p->pid = pid;
    p->started = true;
    p->since_ms = now_ms(CLOCK_MONOTONIC);
}

static void print_end(int status, char *out, size_t cap)
{
    if (WIFSIGNALED(status))
        snprintf(out, cap, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(out, cap, "ended with status %d", WEXITSTATUS(status));
}

static void note_end(struct workers *w, struct place *p, int status)
{
    size_t index = (size_t)(p - w->places);
    const struct worker_word *word = &w->shared->words[index];
    pid_t pid = p->pid;
    char how[80];
    p->pid = 0;
    if (stop_requested())
        return;
    if (word->answered || now_ms(CLOCK_MONOTONIC) - p->since_ms >= WORKERS_SOUND_MS)
        p->failures = 0;
    p->api_lost = word->api_lost;
    if (word->answered && !word->api_lost)
        p->since_ms = 0;
    else
        plan_start(p);
    p->given_up |= word->unfit;
    print_end(status, how, sizeof how);
    log_line(LAMBDA_WARN, NULL, "worker %zu (process %d) %s: %s", index + 1, (int)pid, how,
             p->given_up ? "it is given up" : "it is started again");
}

static void reap(struct workers *w)
{
    uint64_t count;
    ssize_t n = read(child_fd, &count, sizeof count);
    (void)n; /* empty: nothing ended since */
    for (size_t i = 0; i < w->count; i++) {
        int status;
        struct place *p = &w->places[i]; /* the module's own children are not for us */
        if (p->pid && waitpid(p->pid, &status, WNOHANG) == p->pid)
            note_end(w, p, status);
    }
}

/* ---- the life of all ----------------------------------------------------------------------- */

/* Starts those whose time has come. Gives when the next one is due, -1: none. */
static int64_t start_due(struct workers *w)
{
    int64_t next = -1;
    for (size_t i = 0; i < w->count && !stop_requested(); i++) {
        struct place *p = &w->places[i];
        if (!p->pid && !p->given_up && p->since_ms <= now_ms(CLOCK_MONOTONIC))
            start_worker(w, p);
        if (!p->pid && !p->given_up && (next < 0 || p->since_ms < next))
            next = p->since_ms;
    }
    return next;
}

/* Nobody runs, and those who would be started have just lost the Runtime API. */
static bool is_hopeless(const struct workers *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct place *p = &w->places[i];
        if (p->pid || (!p->given_up && !p->api_lost))
            return false;
    }
    return true;
}

static size_t count_running(const struct workers *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++)
        n += w->places[i].pid != 0;
    return n;
}

/* Whether any worker ever ran: what it knows of the failure it has said, or the API is gone. */
static bool has_started(const struct workers *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->places[i].started)
            return true;
    return false;
}

/* Waits for the end of a worker or, with stop_fd, for SIGTERM; until_ms < 0: without end. */
static void await_end(int stop_fd, clockid_t clock, int64_t until_ms)
{
    struct pollfd fds[2] = {{.fd = child_fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    int64_t left = until_ms < 0 ? -1 : until_ms - now_ms(clock);
    if (until_ms >= 0 && left < 0)
        left = 0;
    poll(fds, 2, left > INT32_MAX ? INT32_MAX : (int)left);
}

static void end_workers(struct workers *w)
{
    int64_t deadline = stop_deadline_ms(), now = now_ms(CLOCK_REALTIME);
    int64_t until = now + (deadline > now ? (deadline - now) / 2 : 0);
    for (size_t i = 0; i < w->count; i++)
        if (w->places[i].pid)
            kill(w->places[i].pid, SIGTERM);
    for (reap(w); count_running(w) && now_ms(CLOCK_REALTIME) < until; reap(w))
        await_end(-1, CLOCK_REALTIME, until);
}

int workers_run(const struct workers_job *job, struct workers **out, struct err *err)
{
    struct workers *w = workers_new(job, err);
    if (!w)
        return -1;
    conn_close(&job->rapi->conn); /* everybody has his own */
    if (watch_children(w, err) != 0) {
        workers_free(w);
        return -1;
    }
    while (!stop_requested()) {
        int64_t next = start_due(w);
        if (is_hopeless(w)) {
            enum err_kind kind = has_started(w) ? ERR_CLOSED : ERR_SYSTEM;
            workers_free(w);
            return err_set(err, kind, "none of %u workers can be kept", job->settings->workers);
        }
        await_end(job->rapi->conn.wake_fd, CLOCK_MONOTONIC, next);
        reap(w);
    }
    end_workers(w);
    *out = w;
    return 0;
}

void workers_end(struct workers *w)
{
    if (!w)
        return;
    for (reap(w); count_running(w); reap(w))
        await_end(-1, CLOCK_MONOTONIC, -1);
    workers_free(w);
}
