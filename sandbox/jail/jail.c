/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "jail/build.h"
#include "jail/census.h"
#include "jail/files.h"
#include "jail/places.h"
#include "jail/plan.h"
#include "jail/spawn.h"
#include "jail/spec.h"
#include "jail/stop.h"

struct jail *jail_open(const struct jail_spec *spec, struct err *err)
{
    int64_t start = build_now_us();
    if (spec_check(spec, err) < 0)
        return NULL;
    struct jail *j = calloc(1, sizeof *j);
    if (!j) {
        err_set(err, ERR_MEMORY, "no memory for a jail");
        return NULL;
    }
    j->spec = *spec;
    j->slot.fd = j->cache_fd = j->init_fd = j->exit_fd = j->lifeline = -1;
    j->image.loop_fd = j->image.mount_fd = -1;
    j->holder = (struct holder){-1, -1, -1};
    cgroup_init(&j->cgroup);
    struct build b = {.jail = j};
    if (plan_make_host(&b, err) < 0) {
        jail_close(j, NULL);
        return NULL;
    }
    j->timing.open_us = build_now_us() - start;
    return j;
}

int jail_spawn(struct jail *j, const struct jail_program *program, struct jail_io *out,
               struct err *err)
{
    int64_t start = build_now_us();
    if (j->init)
        return err_set(err, ERR_INPUT, "the jail's program runs already");
    if (spec_check_program(program, err) < 0 || spawn_host(j, program, out, err) < 0)
        return -1;
    j->timing.spawn_us = build_now_us() - start;
    return 0;
}

static int oom_since_spawn(struct jail *j, bool *out, struct err *err)
{
    uint64_t kills = 0;
    if (cgroup_oom_kills(&j->cgroup, &kills, err) < 0)
        return -1;
    *out = kills > j->oom_before || j->beyond_memory;
    return 0;
}

int jail_wait(struct jail *j, struct jail_exit *out, struct err *err)
{
    struct build_end end = {0};
    ssize_t n = j->exit_fd < 0 ? 0 : read(j->exit_fd, &end, sizeof end);
    if (n < 0 && errno == EAGAIN)
        return err_set(err, ERR_INPUT, "the jail's program has not ended");
    bool oom = false;
    int failed = oom_since_spawn(j, &oom, err);
    jail_kill(j);
    if (failed < 0)
        return -1;
    if (n != (ssize_t)sizeof end && !oom)
        return err_set(err, ERR_CLOSED, "the jail was killed with its program");
    if (n != (ssize_t)sizeof end)
        end = (struct build_end){.signaled = 1, .code = SIGKILL};
    *out = (struct jail_exit){.exec_failed = j->exec_errno != 0,
                              .exec_errno = j->exec_errno,
                              .signaled = end.signaled != 0,
                              .code = end.code,
                              .oom = oom};
    return 0;
}

int jail_oom_fd(const struct jail *j)
{
    return j->cgroup.oom_fd;
}

int jail_throttle(struct jail *j, bool on, struct err *err)
{
    return cgroup_throttle(&j->cgroup, on, err);
}

static int set_stopped(struct jail *j, bool on, struct err *err)
{
    if (!j->init || j->stopped == on)
        return 0;
    /* with nobody left to be continued, the end of the program is still to be told */
    if (stop_all_host(j->lifeline, on, err) < 0 && (on || err->kind != ERR_CLOSED))
        return -1;
    j->stopped = on;
    return 0;
}

static int set_frozen(struct jail *j, bool on, struct err *err)
{
    if (j->stops)
        return set_stopped(j, on, err);
    if (j->cgroup.frozen == on)
        return 0;
    if (cgroup_freeze(&j->cgroup, on, err) < 0)
        return -1;
    j->cgroup.frozen = on;
    return 0;
}

int jail_freeze(struct jail *j, struct err *err)
{
    return set_frozen(j, true, err);
}

int jail_thaw(struct jail *j, struct err *err)
{
    return set_frozen(j, false, err);
}

int jail_signal(struct jail *j, int signal, struct err *err)
{
    if (!j->init || !j->program)
        return 0;
    if (kill(-j->program, signal) < 0 && errno != ESRCH)
        return err_sys(err, "signal %d to the jail's program", signal);
    return 0;
}

/* A size in the status of a process: VmHWM is the highest resident one so far, with all peaks
 * between two samples. */
static uint64_t process_size(int pid, const char *which)
{
    char path[64], text[8192];
    struct err ignored;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (files_read(AT_FDCWD, path, text, sizeof text, &ignored) < 0)
        return 0;
    return files_find_number(text, which, 0) * 1024;
}

static void update_peak(struct jail *j, uint64_t now)
{
    int pids[CGROUP_PROCESSES];
    struct err ignored;
    int n = cgroup_processes(&j->cgroup, pids, ARRAY_LEN(pids), &ignored);
    if (n <= 0 && j->program) {
        pids[0] = j->program;
        n = 1;
    }
    for (int i = 0; i < n; i++) {
        uint64_t peak = process_size(pids[i], "VmHWM:");
        now = peak > now ? peak : now;
    }
    if (now > j->spec.limits.memory_bytes)
        now = j->spec.limits.memory_bytes;
    if (now > j->memory_peak)
        j->memory_peak = now;
}

/* Without a group only the program itself is seen. With /tmp in memory the group's own limit has to
 * have room for it: what is left without it is compared here, and ends the jail. */
static void judge_memory(struct jail *j, struct cgroup_sample *sample)
{
    if (!j->holds[JAIL_LIMIT_MEMORY].mechanism) {
        sample->memory_bytes = j->program ? process_size(j->program, "VmRSS:") : 0;
        return;
    }
    if (!j->tmp_in_memory)
        return;
    uint64_t tmp = holder_tmp_used(&j->holder);
    sample->memory_bytes = sample->memory_bytes > tmp ? sample->memory_bytes - tmp : 0;
    if (sample->memory_bytes <= j->spec.limits.memory_bytes || !j->init)
        return;
    j->beyond_memory = true;
    kill(j->init, SIGKILL);
}

int jail_sample(struct jail *j, struct jail_usage *out, struct err *err)
{
    struct cgroup_sample sample = {0};
    bool oom = false;
    if (cgroup_sample(&j->cgroup, &sample, err) < 0)
        return -1;
    judge_memory(j, &sample);
    if (oom_since_spawn(j, &oom, err) < 0)
        return -1;
    update_peak(j, oom ? j->spec.limits.memory_bytes : sample.memory_bytes);
    *out = (struct jail_usage){.memory_bytes = sample.memory_bytes,
                               .memory_peak_bytes = j->memory_peak,
                               .cpu_us = sample.cpu_us,
                               .processes = sample.processes,
                               .oom = oom};
    return 0;
}

int jail_census(struct jail *j, struct jail_census *out, struct err *err)
{
    struct census c = {0};
    struct statvfs fs;
    if (j->init && census_take(j->init, &c, err) < 0)
        return -1;
    if (fstatvfs(j->tmp_in_memory ? j->holder.tmp_fd : j->image.mount_fd, &fs) < 0)
        return err_sys(err, "measure /tmp");
    *out = (struct jail_census){.processes = c.processes,
                                .threads = c.threads,
                                .descriptors = c.descriptors,
                                .memory_bytes = c.memory_bytes,
                                .tmp_bytes = (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize,
                                .tmp_files = fs.f_files - fs.f_ffree};
    return 0;
}

uid_t jail_outer_uid(const struct jail *j)
{
    return j->ids.user_uid;
}

unsigned jail_slot(const struct jail *j)
{
    return j->slot.index;
}

const struct jail_hold *jail_hold(const struct jail *j, enum jail_limit limit)
{
    return &j->holds[limit];
}

bool jail_refuses_metadata(const struct jail *j)
{
    return j->cgroup.metadata_refused;
}

struct jail_timing jail_timing(const struct jail *j)
{
    return j->timing;
}

void jail_kill(struct jail *j)
{
    spawn_end_host(j);
}

void jail_close(struct jail *j, struct err *err)
{
    struct err ignored;
    if (!j)
        return;
    spawn_end_host(j);
    image_close(&j->image);
    holder_close(&j->holder);
    int failed = cgroup_close(&j->cgroup, err ? err : &ignored);
    /* a slot whose groups are still there is left to jail_sweep */
    if (failed == 0)
        slot_give(&j->slot);
    slot_abandon(&j->slot);
    filter_close(&j->filter);
    for (size_t i = 0; i < j->nviews; i++)
        attr_close(&j->views[i].fd);
    attr_close(&j->cache_fd);
    free(j);
}

int jail_sweep(struct err *err)
{
    char folder[BUILD_FOLDER];
    if (places_slots(folder, sizeof folder, err) < 0)
        return -1;
    return slot_sweep(folder, cgroup_remove, err);
}
