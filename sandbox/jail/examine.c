/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/examine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "jail/examine_proof.h"
#include "jail/examine_run.h"
#include "jail/examine_step.h"
#include "jail/jail.h"

#define MIB         (1024ull * 1024)
#define MEMORY      (16 * MIB)
#define TMP         (16 * MIB)
#define EAT         (MEMORY + TMP + 16 * MIB) /* /tmp may have a part in the memory's limit */
#define PERMILLE    72u                       /* of 128 MB on Lambda */
#define PROCESSES   32u
#define FROZEN_MS   20
#define SPIN_US     "6000"
#define SPIN_MORE   "20000"
#define NUMBER_SIZE 24

struct examine {
    const struct examine_options *options;
    struct examine_finding *out;
    struct jail_spec spec;
    struct jail *jail;
    struct examine_run run;
    int abstract_fd, loopback_fd;
    char abstract[48], port[NUMBER_SIZE];
    bool failed; /* no jail could be built */
    struct err failure;
};

/* A socket that a jail with the host's network shall not reach. */
static int open_abstract(struct examine *x, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) < 0)
        return err_sys(err, "getrandom");
    snprintf(x->abstract, sizeof x->abstract, "clambda-doctor.%d.%" PRIx64, (int)getpid(), random);
    size_t len = strlen(x->abstract);
    memcpy(at.sun_path + 1, x->abstract, len);
    x->abstract_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (x->abstract_fd < 0 ||
        bind(x->abstract_fd, (void *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0 ||
        listen(x->abstract_fd, 8) < 0)
        return err_sys(err, "an abstract socket");
    return 0;
}

/* One that a jail without network shall not reach. */
static int open_loopback(struct examine *x, struct err *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    x->loopback_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (x->loopback_fd < 0 || bind(x->loopback_fd, (void *)&at, sizeof at) < 0 ||
        listen(x->loopback_fd, 8) < 0 || getsockname(x->loopback_fd, (void *)&at, &len) < 0)
        return err_sys(err, "a socket on 127.0.0.1");
    snprintf(x->port, sizeof x->port, "%u", ntohs(at.sin_port));
    return 0;
}

static void make_spec(struct examine *x)
{
    x->spec = x->options->spec;
    x->spec.limits.memory_bytes = MEMORY;
    x->spec.limits.tmp_bytes = TMP;
    x->spec.limits.cpu_permille = PERMILLE;
    x->spec.limits.processes = PROCESSES;
    x->spec.network = JAIL_NETWORK_HOST;
    x->spec.listen_addr = NULL;
    x->spec.listen_port = 0;
    x->spec.binds[0] =
        (struct jail_bind){.source = x->options->program_path, .target = EXAMINE_PROGRAM};
    x->spec.nbinds = 1;
    x->spec.relax = (1u << JAIL_LIMIT_COUNT) - 1;
}

static bool has(const struct examine *x, enum jail_limit limit)
{
    return *x->out[limit].mechanism != 0;
}

/* What is only known when a jail has run is asked for again then. */
static void take_holds(struct examine *x)
{
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++) {
        const struct jail_hold *hold = jail_hold(x->jail, (enum jail_limit)i);
        struct examine_finding *f = &x->out[i];
        snprintf(f->mechanism, sizeof f->mechanism, "%s", hold->mechanism ? hold->mechanism : "");
        snprintf(f->why, sizeof f->why, "%s", hold->mechanism ? "" : hold->why);
    }
    if (jail_refuses_metadata(x->jail))
        snprintf(x->out[EXAMINE_METADATA].mechanism, EXAMINE_MECHANISM_MAX, "%s", "connect filter");
}

/* Waits for the end of a run that was started, or not. 1: it has ended; 0: the finding tells why it
 * has not; -1: stopped. */
static int finish(struct examine *x, int status, struct examine_finding *f, struct err *why,
                  struct err *err)
{
    if (status == 0)
        status = examine_run_finish(&x->run, why);
    examine_run_end(&x->run);
    if (status == 0)
        return 1;
    if (why->kind == ERR_CLOSED) {
        *err = *why;
        return -1;
    }
    examine_refute(f, "%s", why->msg);
    return 0;
}

static int start(struct examine *x, const char *const *arguments, struct err *err)
{
    return examine_run_start(&x->run, x->jail, x->options->stop_fd, arguments, err);
}

static int run(struct examine *x, const char *const *arguments, struct examine_finding *f,
               struct err *err)
{
    struct err why = {0};
    int status = start(x, arguments, &why);
    return finish(x, status, f, &why, err);
}

/* The first run: when it cannot be started, no jail can. */
static int prove_look(struct examine *x, struct err *err)
{
    char files[NUMBER_SIZE], tmp[NUMBER_SIZE], processes[NUMBER_SIZE];
    snprintf(files, sizeof files, "%u", x->spec.limits.files);
    snprintf(tmp, sizeof tmp, "%" PRIu64, x->spec.limits.tmp_bytes);
    snprintf(processes, sizeof processes, "%u", x->spec.limits.processes);
    const char *const arguments[] = {
        "look", x->abstract, files, tmp, processes, jail_refuses_metadata(x->jail) ? "1" : "0",
        NULL};
    int status = 0;
    x->failed = start(x, arguments, &x->failure) < 0;
    take_holds(x);
    if (!x->failed) {
        status = examine_run_finish(&x->run, err);
        examine_judge_look(&x->run, &x->spec, x->out);
    }
    examine_run_end(&x->run);
    /* forks come last; what else is missing after a failure is told by the caller, or has been */
    if (status < 0 && err->kind == ERR_LIMIT && !x->out[JAIL_LIMIT_PIDS].holds)
        examine_refute(&x->out[JAIL_LIMIT_PIDS], "%s", err->msg);
    return status < 0 && err->kind == ERR_CLOSED ? -1 : 0;
}

static int prove_memory(struct examine *x, struct err *err)
{
    char bytes[NUMBER_SIZE];
    snprintf(bytes, sizeof bytes, "%llu", EAT);
    const char *const arguments[] = {"eat", bytes, NULL};
    int done = run(x, arguments, &x->out[JAIL_LIMIT_MEMORY], err);
    if (done == 1)
        examine_judge_eat(&x->run, &x->out[JAIL_LIMIT_MEMORY]);
    return done < 0 ? -1 : 0;
}

/* The share holds from the moment that the program stands ready to work. */
static int spin(struct examine *x, const char *amount, struct examine_finding *f, struct err *err)
{
    const char *const arguments[] = {"spin", amount, NULL};
    struct err why = {0}, ignored;
    int status = start(x, arguments, &why);
    if (status == 0 && examine_run_listen(&x->run, EXAMINE_PATIENCE_MS))
        status = jail_throttle(x->jail, true, &why) < 0 || jail_signal(x->jail, SIGUSR1, &why) < 0
                     ? -1
                     : 0;
    int done = finish(x, status, f, &why, err);
    if (jail_throttle(x->jail, false, &ignored) < 0 && done == 1) {
        examine_refute(f, "%s", ignored.msg);
        return 0;
    }
    return done;
}

/* Again with more work when the first was too little to tell. */
static int prove_cpu(struct examine *x, struct err *err)
{
    static const char *const amounts[] = {SPIN_US, SPIN_MORE};
    struct examine_finding *f = &x->out[JAIL_LIMIT_CPU];
    int done = 1;
    for (size_t i = 0; i < ARRAY_LEN(amounts) && done == 1; i++) {
        done = spin(x, amounts[i], f, err);
        if (done == 1 && examine_judge_spin(&x->run, x->spec.limits.cpu_permille, f))
            break;
    }
    return done < 0 ? -1 : 0;
}

/* A program that writes all the time says nothing while it is frozen, and goes on afterwards. */
static void watch_ticks(struct examine *x, struct examine_finding *f)
{
    struct err why = {0};
    if (!examine_run_listen(&x->run, EXAMINE_PATIENCE_MS)) {
        examine_refute(f, "the program inside did not start to run");
        return;
    }
    if (jail_freeze(x->jail, &why) < 0) {
        examine_refute(f, "%s", why.msg);
        return;
    }
    examine_run_drain(&x->run);
    if (examine_run_listen(&x->run, FROZEN_MS))
        examine_refute(f, "it is there and did not hold: the program went on");
    else if (jail_thaw(x->jail, &why) < 0)
        examine_refute(f, "%s", why.msg);
    else if (!examine_run_listen(&x->run, EXAMINE_PATIENCE_MS))
        examine_refute(f, "the program did not go on afterwards");
    else
        f->holds = true;
}

static int prove_freeze(struct examine *x, struct err *err)
{
    static const char *const arguments[] = {"tick", NULL};
    struct examine_finding *f = &x->out[JAIL_LIMIT_FREEZE];
    struct err why = {0};
    (void)err;
    if (start(x, arguments, &why) < 0)
        examine_refute(f, "%s", why.msg);
    else
        watch_ticks(x, f);
    examine_run_end(&x->run);
    return 0;
}

static int prove_limits(struct examine *x, struct err *err)
{
    static const struct {
        enum jail_limit limit;
        int (*prove)(struct examine *x, struct err *err);
    } proofs[] = {
        {JAIL_LIMIT_FREEZE, prove_freeze},
        {JAIL_LIMIT_CPU, prove_cpu},
        {JAIL_LIMIT_MEMORY, prove_memory},
    };
    for (size_t i = 0; i < ARRAY_LEN(proofs); i++)
        if (has(x, proofs[i].limit) && proofs[i].prove(x, err) < 0)
            return -1;
    return 0;
}

static void close_jail(struct examine *x)
{
    jail_close(x->jail, NULL);
    x->jail = NULL;
}

static int prove_network(struct examine *x, struct err *err)
{
    const char *const arguments[] = {"net", x->port, NULL};
    struct examine_finding *f = &x->out[EXAMINE_NETWORK];
    struct err why = {0};
    x->spec.network = JAIL_NETWORK_NONE;
    x->jail = jail_open(&x->spec, &why);
    if (!x->jail) {
        examine_refute(f, "%s", why.msg);
        return 0;
    }
    int done = run(x, arguments, f, err);
    close_jail(x);
    if (done < 1)
        return done;
    f->holds = examine_run_number(&x->run, "loopback") == ECONNREFUSED;
    snprintf(f->mechanism, sizeof f->mechanism, "network namespace");
    if (!f->holds)
        examine_refute(f, "it is there, but a socket of the host's loopback was not refused");
    return 0;
}

/* The first part that was refused, if any. */
static const char *refused_part(const struct examine *x)
{
    static const struct {
        int item;
        const char *name;
    } parts[] = {{EXAMINE_USER, "user"}, {EXAMINE_ROOT, "root"}, {EXAMINE_PROCESSES, "processes"}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (*x->out[parts[i].item].why)
            return parts[i].name;
    return NULL;
}

/* Nothing has run. A limit whose mechanism is missing has its own reason. */
static int explain_failure(struct examine *x, struct err *err)
{
    char why[ERR_MSG_MAX];
    if (examine_steps(x->options->stop_fd, x->out, err) < 0 && err->kind == ERR_CLOSED)
        return -1;
    const char *part = refused_part(x);
    if (part)
        snprintf(why, sizeof why, "not tried, since no jail can be built: see %s", part);
    else
        snprintf(why, sizeof why, "not tried, since no jail can be built: %.400s", x->failure.msg);
    for (int i = 0; i < EXAMINE_COUNT; i++)
        if (!x->out[i].holds && !*x->out[i].why)
            examine_refute(&x->out[i], "%s", why);
    return 0;
}

static int prove_all(struct examine *x, struct err *err)
{
    int status = 0;
    x->jail = jail_open(&x->spec, &x->failure);
    x->failed = !x->jail;
    if (x->jail)
        status = prove_look(x, err);
    if (status == 0 && !x->failed)
        status = prove_limits(x, err);
    close_jail(x);
    if (status < 0)
        return -1;
    if (!x->failed)
        return prove_network(x, err);
    if (x->failure.kind != ERR_INPUT)
        return explain_failure(x, err);
    *err = x->failure;
    return -1;
}

int examine_host(const struct examine_options *o, struct examine_finding out[static EXAMINE_COUNT],
                 struct err *err)
{
    struct examine x = {.options = o, .out = out, .abstract_fd = -1, .loopback_fd = -1};
    memset(out, 0, EXAMINE_COUNT * sizeof *out);
    make_spec(&x);
    int status = -1;
    if (open_abstract(&x, err) == 0 && open_loopback(&x, err) == 0)
        status = prove_all(&x, err);
    attr_close(&x.abstract_fd);
    attr_close(&x.loopback_fd);
    return status;
}
