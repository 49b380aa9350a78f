/* SPDX-License-Identifier: Apache-2.0 */
/* A jail that runs nothing and does what a test says: stands in for sandbox/jail when a test of env
 * includes it. The test writes to the program's pipes, ends it, and looks at what was asked for. */
#pragma once

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "jail/jail.h"

#define JAIL_LATE_US 250000

struct jail {
    int out, err, exit; /* our ends of what the last spawn handed out */
    bool frozen, throttled, fail_spawn, fail_freeze, refuses_metadata;
    int spawned, killed;
    struct jail_exit how;
    struct jail_usage usage;
    struct jail_timing timing;
};

static struct jail jail;

struct jail *jail_open(const struct jail_spec *spec, struct err *err)
{
    (void)err;
    CHECK_INT(spec->uid, 993);
    CHECK_INT(spec->limits.memory_bytes, 128 << 20);
    CHECK_INT(spec->limits.cpu_permille, 72);
    jail = (struct jail){.out = -1, .err = -1, .exit = -1};
    return &jail;
}

int jail_spawn(struct jail *j, const struct jail_program *program, struct jail_io *out,
               struct err *err)
{
    int a[2], b[2], c[2];
    if (j->fail_spawn)
        return err_set(err, ERR_HOST, "mounts are forbidden");
    CHECK_STR(program->path, "/var/task/bootstrap");
    CHECK(!j->throttled);
    CHECK_INT(pipe2(a, O_CLOEXEC | O_NONBLOCK) | pipe2(b, O_CLOEXEC | O_NONBLOCK) |
                  pipe2(c, O_CLOEXEC | O_NONBLOCK),
              0);
    j->out = a[1];
    j->err = b[1];
    j->exit = c[1];
    j->spawned++;
    j->frozen = false;
    j->usage = (struct jail_usage){.memory_peak_bytes = 5 << 20};
    /* the program has run for a while when the caller hears of it */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    j->timing.exec_at_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - JAIL_LATE_US;
    *out = (struct jail_io){.stdout_fd = a[0], .stderr_fd = b[0], .listen_fd = -1, .exit_fd = c[0]};
    return 0;
}

int jail_wait(struct jail *j, struct jail_exit *out, struct err *err)
{
    (void)err;
    *out = j->how;
    return 0;
}

int jail_oom_fd(const struct jail *j)
{
    (void)j;
    return -1;
}

int jail_throttle(struct jail *j, bool on, struct err *err)
{
    (void)err;
    j->throttled = on;
    return 0;
}

int jail_freeze(struct jail *j, struct err *err)
{
    if (j->fail_freeze)
        return err_set(err, ERR_HOST, "the freezer is gone");
    j->frozen = true;
    return 0;
}

int jail_thaw(struct jail *j, struct err *err)
{
    (void)err;
    j->frozen = false;
    return 0;
}

int jail_sample(struct jail *j, struct jail_usage *out, struct err *err)
{
    (void)err;
    *out = j->usage;
    return 0;
}

int jail_census(struct jail *j, struct jail_census *out, struct err *err)
{
    (void)j;
    (void)err;
    *out = (struct jail_census){.processes = 1, .threads = 1, .descriptors = 3};
    return 0;
}

uid_t jail_outer_uid(const struct jail *j)
{
    (void)j;
    return 4711;
}

unsigned jail_slot(const struct jail *j)
{
    (void)j;
    return 1023;
}

const struct jail_hold *jail_hold(const struct jail *j, enum jail_limit limit)
{
    static const struct jail_hold hold = {.mechanism = "scripted"};
    (void)j;
    (void)limit;
    return &hold;
}

bool jail_refuses_metadata(const struct jail *j)
{
    return j->refuses_metadata;
}

struct jail_timing jail_timing(const struct jail *j)
{
    return j->timing;
}

void jail_kill(struct jail *j)
{
    attr_close(&j->out);
    attr_close(&j->err);
    attr_close(&j->exit);
    j->out = j->err = j->exit = -1;
    j->killed++;
}

void jail_close(struct jail *j, struct err *err)
{
    (void)err;
    jail_kill(j);
}
