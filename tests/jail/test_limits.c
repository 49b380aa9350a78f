/* SPDX-License-Identifier: Apache-2.0 */
/* That limits are real, and hit the jail alone. */
#include "rig.h"

#include <signal.h>

#define SPINS 20 /* a rate: other work on the host may take all for a while */

static struct rig rig;

static void test_tmp_quota(void)
{
    if (!rig_init(&rig))
        return;
    unsigned filled = 0;
    char reason[32] = "";
    if (rig_open(&rig) && rig_run(&rig, "fill", "/tmp/a", "100", NULL)) {
        CHECK_INT(sscanf(rig.output, "filled %u %31s", &filled, reason), 2);
        CHECK(filled >= 64 && filled <= 66);
        CHECK_STR(reason, "ENOSPC");
    }
    rig_close(&rig);
}

/* What is in /tmp does not count as memory: 500 MB fit beside a limit of 128 MB, and so do 100 MB
 * of memory after that; 150 MB do not. */
static void test_tmp_is_no_memory(void)
{
    struct jail_usage usage = {0};
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    rig.spec.limits.tmp_bytes = 512ull << 20;
    if (rig_open_with_group(&rig, JAIL_LIMIT_MEMORY) &&
        rig_start(&rig, "fill", "/tmp/a", "500", "eat", "100", "sleep", NULL) &&
        rig_wait_output(&rig, "asleep")) {
        CHECK_HAS(rig.output, "filled 500 ok");
        CHECK_HAS(rig.output, "ate 100");
        CHECK_INT(jail_sample(rig.jail, &usage, &err), 0);
        CHECK(usage.memory_bytes > 100u << 20 && usage.memory_bytes < 120u << 20);
        CHECK(usage.memory_peak_bytes >= usage.memory_bytes);
        CHECK(!usage.oom);
        jail_kill(rig.jail);
        if (rig_run(&rig, "eat", "150", NULL))
            CHECK(rig.exit.oom);
    }
    rig_close(&rig);
}

static void test_memory(void)
{
    struct jail_usage usage = {0};
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    if (rig_open_with_group(&rig, JAIL_LIMIT_MEMORY)) {
        if (rig_run(&rig, "eat", "100", NULL)) {
            CHECK_HAS(rig.output, "ate 100");
            CHECK(!rig.exit.oom && !rig.exit.signaled && rig.exit.code == 0);
        }
        if (rig_run(&rig, "eat", "256", NULL)) {
            CHECK(rig.exit.oom);
            CHECK(rig.exit.signaled);
            CHECK_INT(rig.exit.code, SIGKILL);
            uint64_t events = 0;
            /* v2 kills the whole group at once and tells nothing more */
            int fd = jail_oom_fd(rig.jail);
            CHECK(fd < 0 || read(fd, &events, sizeof events) == sizeof events);
        }
        CHECK_INT(jail_sample(rig.jail, &usage, &err), 0);
        CHECK(usage.oom);
        CHECK_INT(usage.memory_peak_bytes, rig.spec.limits.memory_bytes);
        /* the next program starts with a clean record */
        if (rig_run(&rig, "eat", "10", NULL))
            CHECK(!rig.exit.oom && rig.exit.code == 0);
    }
    rig_close(&rig);
}

static void test_processes(void)
{
    int forked = 0;
    char reason[32] = "";
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_run(&rig, "forks", "1000", NULL)) {
        CHECK_INT(sscanf(rig.output, "forked %d %31s", &forked, reason), 2);
        CHECK_INT(forked, 63);
        CHECK_STR(reason, "EAGAIN");
    }
    rig_close(&rig);
}

static void test_fork_bomb(void)
{
    struct jail_usage usage = {0};
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    if (rig_open_with_group(&rig, JAIL_LIMIT_PIDS) && rig_start(&rig, "bomb", NULL)) {
        int64_t end = rig_now_ms() + RIG_PATIENCE_MS;
        while (usage.processes < 64 && rig_now_ms() < end)
            CHECK_INT(jail_sample(rig.jail, &usage, &err), 0);
        CHECK_INT(usage.processes, 64);
        jail_kill(rig.jail);
        CHECK_INT(jail_sample(rig.jail, &usage, &err), 0);
        CHECK_INT(usage.processes, 0);
    }
    rig_close(&rig);
}

/* What a second of spinning gets, and how long it took in all: on a busy host longer. */
static uint64_t spin(uint64_t *out_elapsed_us)
{
    struct jail_usage before = {0}, after = {0};
    struct err err = {0};
    int64_t start_ms = rig_now_ms();
    CHECK_INT(jail_sample(rig.jail, &before, &err), 0);
    if (rig_run(&rig, "spin", "1000", NULL))
        CHECK_INT(jail_sample(rig.jail, &after, &err), 0);
    *out_elapsed_us = (uint64_t)(rig_now_ms() - start_ms) * 1000;
    return after.cpu_us - before.cpu_us;
}

/* By counters: throttled, spinning gets about the share; not throttled, much more, as soon as the
 * host has as much to give. */
static void test_cpu(void)
{
    struct err err = {0};
    uint64_t elapsed;
    if (!rig_init(&rig))
        return;
    if (rig_open_with_group(&rig, JAIL_LIMIT_CPU)) {
        CHECK_INT(jail_throttle(rig.jail, true, &err), 0);
        uint64_t slow = spin(&elapsed);
        CHECK(slow > 0 && slow < elapsed * 15 / 100);
        CHECK_INT(jail_throttle(rig.jail, false, &err), 0);
        uint64_t fast = 0;
        for (int i = 0; i < SPINS && fast <= slow; i++)
            fast = spin(&elapsed);
        CHECK(fast > slow);
    }
    rig_close(&rig);
}

static const struct check_test table[] = {
    {"tmp_quota", test_tmp_quota}, {"tmp_is_no_memory", test_tmp_is_no_memory},
    {"memory", test_memory},       {"processes", test_processes},
    {"fork_bomb", test_fork_bomb}, {"cpu", test_cpu},
};
CHECK_MAIN(table)
