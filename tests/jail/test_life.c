/* SPDX-License-Identifier: Apache-2.0 */
/* Spawn, freeze, signals, kill, spawn again, and what is left when somebody is killed. */
#include "rig.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "jail/slot.h"

#define KILLS         20
#define FROZEN_CPU_US 5000 /* in 50 ms */

static struct rig rig, other;

static void test_endings(void)
{
    static const struct {
        const char *command, *arg;
        bool signaled;
        int code;
    } rows[] = {{"exit", "0", false, 0},
                {"exit", "3", false, 3},
                {"raise", "11", true, SIGSEGV},
                {"raise", "9", true, SIGKILL}};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig))
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            if (!rig_run(&rig, rows[i].command, rows[i].arg, NULL))
                break;
            CHECK_INT(rig.exit.signaled, rows[i].signaled);
            CHECK_INT(rig.exit.code, rows[i].code);
            CHECK(!rig.exit.oom && !rig.exit.exec_failed);
        }
    rig_close(&rig);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* While it is spawned. */
static void test_exec_has_a_time(void)
{
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig)) {
        for (int i = 0; i < 2; i++) {
            int64_t begin_us = now_us();
            if (!rig_start(&rig, "exit", "0", NULL))
                break;
            int64_t end_us = now_us();
            struct jail_timing t = jail_timing(rig.jail);
            CHECK(t.exec_at_us >= begin_us && t.exec_at_us <= end_us);
            CHECK(t.spawn_us > 0 && t.spawn_us <= end_us - begin_us);
            if (!rig_finish(&rig))
                break;
        }
    }
    rig_close(&rig);
}

static void test_respawn_keeps_tmp(void)
{
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_run(&rig, "write", "/tmp/kept", "here it is", NULL) &&
        rig_start(&rig, "sleep", NULL) && rig_wait_output(&rig, "asleep")) {
        jail_kill(rig.jail);
        jail_kill(rig.jail);
        if (rig_run(&rig, "cat", "/tmp/kept", NULL))
            CHECK_STR(rig.output, "here it is");
    }
    rig_close(&rig);
}

static void test_two_at_once(void)
{
    if (!rig_init(&rig) || !rig_init(&other))
        return;
    if (rig_open(&rig) && rig_open(&other)) {
        CHECK(jail_slot(rig.jail) != jail_slot(other.jail));
        CHECK(rig_has_own_id(&rig) || jail_outer_uid(rig.jail) != jail_outer_uid(other.jail));
        if (rig_start(&rig, "write", "/tmp/mine", "1", "sleep", NULL) &&
            rig_wait_output(&rig, "asleep") && rig_run(&other, "ls", "/tmp", "ls", "/proc", NULL)) {
            CHECK_HAS(other.output, "/tmp: .\n");
            CHECK(!strstr(other.output, " 3 "));
        }
        jail_kill(rig.jail);
    }
    rig_close(&other);
    rig_close(&rig);
}

/* Forgets what has come so far: what comes after it is new. */
static void discard(struct rig *r)
{
    char text[4096];
    while (read(r->io.stdout_fd, text, sizeof text) > 0)
        ;
    r->output_len = 0;
    r->output[0] = 0;
}

/* Waits until what went its last steps to rest is counted too. */
static void check_no_cpu_time(void)
{
    struct err err = {0};
    struct jail_usage before = {0}, after = {0};
    int64_t end = rig_now_ms() + RIG_PATIENCE_MS;
    do {
        CHECK_INT(jail_sample(rig.jail, &before, &err), 0);
        usleep(50000);
        CHECK_INT(jail_sample(rig.jail, &after, &err), 0);
    } while (after.cpu_us - before.cpu_us >= FROZEN_CPU_US && rig_now_ms() < end);
    CHECK(after.cpu_us - before.cpu_us < FROZEN_CPU_US);
}

static void test_freeze(void)
{
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_start(&rig, "count", "/tmp/n", NULL) &&
        rig_wait_output(&rig, "200\n")) {
        CHECK_INT(jail_freeze(rig.jail, &err), 0);
        CHECK_INT(jail_freeze(rig.jail, &err), 0);
        discard(&rig);
        check_no_cpu_time();
        char text[64];
        CHECK(read(rig.io.stdout_fd, text, sizeof text) < 0);
        CHECK_INT(jail_thaw(rig.jail, &err), 0);
        CHECK(rig_wait_output(&rig, "00\n"));
        CHECK_INT(jail_freeze(rig.jail, &err), 0);
        jail_kill(rig.jail);
        if (rig_run(&rig, "cat", "/tmp/n", NULL))
            CHECK(atoi(rig.output) >= 200);
    }
    rig_close(&rig);
}

static bool take_census(const char *file, const char *forks, struct jail_census *out)
{
    struct err err = {0};
    char told[32];
    snprintf(told, sizeof told, "forked %s ok\n", forks);
    if (!rig_start(&rig, "write", file, "word", "forks", forks, "sleep", NULL) ||
        !rig_wait_output(&rig, told))
        return false;
    CHECK_INT(jail_freeze(rig.jail, &err), 0);
    if (jail_census(rig.jail, out, &err) < 0)
        CHECK_STR(err.msg, "");
    jail_kill(rig.jail);
    discard(&rig);
    return true;
}

static void test_census(void)
{
    struct err err = {0};
    struct jail_census one = {0}, more = {0}, none = {0};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && take_census("/tmp/a", "0", &one) && take_census("/tmp/b", "3", &more)) {
        CHECK_INT(one.processes, 1);
        CHECK_INT(one.threads, 1);
        CHECK(one.descriptors >= 3);
        CHECK(one.memory_bytes >= 4096 && one.memory_bytes < 16 << 20);
        CHECK_INT(more.processes, 4);
        CHECK_INT(more.threads, 4);
        CHECK_INT(more.descriptors, 4 * one.descriptors);
        CHECK(more.memory_bytes >= 4 * 4096);
        CHECK_INT(more.tmp_files, one.tmp_files + 1);
        CHECK(more.tmp_bytes >= one.tmp_bytes);
        CHECK_INT(jail_census(rig.jail, &none, &err), 0);
        CHECK_INT(none.processes, 0);
        CHECK_INT(none.descriptors, 0);
        CHECK_INT(none.tmp_files, more.tmp_files);
    }
    rig_close(&rig);
}

static void test_signal(void)
{
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_start(&rig, "signal", NULL) && rig_wait_output(&rig, "waiting")) {
        CHECK_INT(jail_signal(rig.jail, SIGTERM, &err), 0);
        if (rig_finish(&rig))
            CHECK_HAS(rig.output, "signal 15\n");
        CHECK_INT(jail_signal(rig.jail, SIGTERM, &err), 0);
    }
    rig_close(&rig);
}

/* Somebody kills the first process: the program is gone with it, and jail_wait says so. */
static void test_killed_from_outside(void)
{
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    if (rig_open(&rig) && rig_start(&rig, "sleep", NULL) && rig_wait_output(&rig, "asleep")) {
        struct jail_exit end;
        jail_kill(rig.jail);
        CHECK(rig_wait_output(&rig, NULL));
        CHECK(jail_wait(rig.jail, &end, &err) < 0);
        CHECK_INT(err.kind, ERR_CLOSED);
    }
    rig_close(&rig);
}

/* Opens a jail, tells its slot, spawns and freezes until it is killed. */
static void victim(int slot_pipe)
{
    struct err err;
    setsid();
    for (;;) {
        if (!rig_open(&rig))
            _exit(1);
        unsigned slot = jail_slot(rig.jail);
        (void)!write(slot_pipe, &slot, sizeof slot);
        for (int i = 0; i < 3; i++) {
            if (!rig_start(&rig, "forks", "5", "count", "/tmp/n", NULL))
                _exit(1);
            rig_wait_output(&rig, "100\n");
            if (jail_freeze(rig.jail, &err) == 0 && i == 1)
                (void)!jail_thaw(rig.jail, &err);
            jail_kill(rig.jail);
        }
        jail_close(rig.jail, NULL);
    }
}

static void kill_once(useconds_t after_us)
{
    struct err err = {0};
    int ends[2], status = 0;
    unsigned slot = 0, last = SLOT_COUNT;
    CHECK_INT(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0)
        victim(ends[1]);
    close(ends[1]);
    usleep(after_us);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status));
    while (read(ends[0], &slot, sizeof slot) == (ssize_t)sizeof slot)
        last = slot;
    close(ends[0]);
    CHECK(jail_sweep(&err) >= 0);
    CHECK_STR(err.msg, "");
    CHECK_INT(rig_count_left(last, pid, rig.cache), 0);
}

static void test_kill_at_random_moments(void)
{
    if (!rig_init(&rig))
        return;
    /* the template is there from the second on */
    if (rig_open(&rig))
        jail_close(rig.jail, NULL);
    rig.jail = NULL;
    srand((unsigned)getpid());
    for (int i = 0; i < KILLS; i++)
        kill_once((useconds_t)(rand() % 60000));
    rig_close(&rig);
}

static const struct check_test table[] = {
    {"endings", test_endings},
    {"exec_has_a_time", test_exec_has_a_time},
    {"respawn_keeps_tmp", test_respawn_keeps_tmp},
    {"two_at_once", test_two_at_once},
    {"freeze", test_freeze},
    {"census", test_census},
    {"signal", test_signal},
    {"killed_from_outside", test_killed_from_outside},
    {"kill_at_random_moments", test_kill_at_random_moments},
};
CHECK_MAIN(table)
