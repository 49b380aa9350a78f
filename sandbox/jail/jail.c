/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "jail/build.h"
#include "jail/cache.h"
#include "jail/files.h"
#include "jail/ids.h"
#include "jail/spawn.h"
#include "jail/spec.h"

static int slot_host(struct build *b, struct err *err)
{
    return slot_take(&b->jail->slot, SLOT_FOLDER, cgroup_remove, err);
}

static int cache_host(struct build *b, struct err *err)
{
    b->jail->cache_fd = cache_open(b->jail->spec.cache_dir, err);
    return b->jail->cache_fd < 0 ? -1 : 0;
}

static int filter_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    j->holds[JAIL_LIMIT_SECCOMP].mechanism = "seccomp filter";
    j->holds[JAIL_LIMIT_TMP].mechanism = "ext4 image";
    return filter_open(&j->filter, j->spec.policy_path, j->cache_fd, err);
}

/* A limit that is missing stops the run, unless it was relaxed by name. All that are missing are
 * told at once. */
static int holds_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    unsigned missing = 0;
    const char *why = "";
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++) {
        if (j->holds[i].mechanism || (j->spec.relax >> i & 1))
            continue;
        missing |= 1u << i;
        if (!*why)
            why = j->holds[i].why;
    }
    if (!missing)
        return 0;
    char list[64];
    limit_list(missing, list, sizeof list);
    return err_set(err, ERR_HOST,
                   "this host cannot limit %s: %s; 'clambda doctor' tells more, --relax %s does "
                   "without",
                   list, why, list);
}

static int groups_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    const struct cgroup_limits limits = {.memory_bytes = j->spec.limits.memory_bytes,
                                         .cpu_permille = j->spec.limits.cpu_permille,
                                         .processes = j->spec.limits.processes};
    if (cgroup_open(&j->cgroup, &limits, &j->slot, err) < 0)
        return -1;
    static const enum jail_limit limited[] = {JAIL_LIMIT_MEMORY, JAIL_LIMIT_CPU, JAIL_LIMIT_PIDS,
                                              JAIL_LIMIT_FREEZE};
    for (size_t i = 0; i < ARRAY_LEN(limited); i++)
        j->holds[limited[i]] = j->cgroup.holds[limited[i]];
    if (j->spec.network == JAIL_NETWORK_HOST)
        cgroup_refuse_metadata(&j->cgroup);
    return 0;
}

/* Where this process's command line lies: numbers 48 and 49 of its stat, counted behind the name,
 * which may hold anything. A kernel that hides them leaves nothing to overwrite. */
static int command_line_host(struct build *b, struct err *err)
{
    char text[2048];
    if (files_read(AT_FDCWD, "/proc/self/stat", text, sizeof text, err) < 0)
        return -1;
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 48; field++)
        at = strchr(at + 1, ' ');
    unsigned long start = 0, end = 0;
    if (at && sscanf(at, " %lu %lu", &start, &end) == 2 && end > start) {
        b->jail->command_line = (char *)start;
        b->jail->command_line_len = end - start;
    }
    return 0;
}

static const struct build_step steps[] = {
    {"slot", slot_host, NULL},
    {"cache folder", cache_host, NULL},
    {"system call filter", filter_host, NULL},
    {"control groups", groups_host, NULL},
    {"limits", holds_host, NULL},
    {"command line", command_line_host, NULL},
};

struct jail *jail_open(const struct jail_spec *spec, struct err *err)
{
    int64_t start = build_now_us();
    if (spec_check(spec, err) < 0)
        return NULL;
    if (geteuid() != 0) {
        err_set(err, ERR_HOST, "jail: limits need root: run it with sudo");
        return NULL;
    }
    struct jail *j = calloc(1, sizeof *j);
    if (!j) {
        err_set(err, ERR_MEMORY, "no memory for a jail");
        return NULL;
    }
    j->spec = *spec;
    j->slot.fd = j->cache_fd = j->init_fd = j->exit_fd = j->lifeline = -1;
    j->image.loop_fd = j->image.mount_fd = -1;
    cgroup_init(&j->cgroup);
    struct build b = {.jail = j};
    if (build_run(steps, ARRAY_LEN(steps), &b, err) < 0) {
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
    *out = kills > j->oom_before;
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
    if (n != (ssize_t)sizeof end)
        return err_set(err, ERR_CLOSED, "the jail was killed with its program");
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

static int set_frozen(struct jail *j, bool on, struct err *err)
{
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

/* The highest resident size of a process so far: a peak between two samples is in it. */
static uint64_t process_peak(int pid)
{
    char path[64], text[8192];
    struct err ignored;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (files_read(AT_FDCWD, path, text, sizeof text, &ignored) < 0)
        return 0;
    return files_find_number(text, "VmHWM:", 0) * 1024;
}

static void update_peak(struct jail *j, uint64_t now)
{
    int pids[CGROUP_PROCESSES];
    struct err ignored;
    int n = cgroup_processes(&j->cgroup, pids, ARRAY_LEN(pids), &ignored);
    for (int i = 0; i < n; i++) {
        uint64_t peak = process_peak(pids[i]);
        now = peak > now ? peak : now;
    }
    if (now > j->spec.limits.memory_bytes)
        now = j->spec.limits.memory_bytes;
    if (now > j->memory_peak)
        j->memory_peak = now;
}

int jail_sample(struct jail *j, struct jail_usage *out, struct err *err)
{
    struct cgroup_sample sample = {0};
    bool oom = false;
    if (cgroup_sample(&j->cgroup, &sample, err) < 0 || oom_since_spawn(j, &oom, err) < 0)
        return -1;
    update_peak(j, oom ? j->spec.limits.memory_bytes : sample.memory_bytes);
    *out = (struct jail_usage){.memory_bytes = sample.memory_bytes,
                               .memory_peak_bytes = j->memory_peak,
                               .cpu_us = sample.cpu_us,
                               .processes = sample.processes,
                               .oom = oom};
    return 0;
}

uid_t jail_outer_uid(const struct jail *j)
{
    return IDS_OUTER_USER(j->slot.index);
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
    return slot_sweep(SLOT_FOLDER, cgroup_remove, err);
}
