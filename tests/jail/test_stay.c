/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile program leaves while it runs, and that nothing of it outlasts the jail. */
#include "rig.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

static struct rig rig;

static void check_frozen(void)
{
    struct err err = {0};
    char byte[4096];
    CHECK_INT(jail_freeze(rig.jail, &err), 0);
    while (read(rig.io.stdout_fd, byte, sizeof byte) > 0)
        ;
    struct pollfd fd = {.fd = rig.io.stdout_fd, .events = POLLIN};
    CHECK_INT(poll(&fd, 1, 100), 0);
    CHECK_STR(err.msg, "");
}

/* What a function leaves while it runs, and how it says that it is there. */
static const struct {
    const char *what, *ready;
    unsigned tmp_mib;
    bool frozen; /* when the end comes */
} stay_rows[] = {
    {"daemon", "ready daemon", 64, false},    {"daemon", "ready daemon", 64, true},
    {"ticking", "ready tick 3", 64, true},    {"bomb", "ready EAGAIN", 64, false},
    {"bomb", "ready EAGAIN", 64, true},       {"stopped", "ready stopped 8", 64, false},
    {"stopped", "ready stopped 8", 64, true}, {"blocked", "ready blocked", 64, false},
    {"vfork", "ready vfork", 64, false},      {"vfork", "ready vfork", 64, true},
    {"disk", "ready ENOSPC 6", 64, false},    {"inodes", "ready ENOSPC ", 512, false},
    {"deep", "ready deep 3000", 64, false},   {"descriptors", "ready EMFILE 10", 64, false},
    {"ipc", "ready ipc 4", 64, false},        {"flight", "ready flight 16", 64, false},
    {"output", "ready output", 64, true},
};

static void check_stay(size_t i)
{
    struct jail_usage usage;
    struct err err = {0};
    if (!rig_start(&rig, "stay", stay_rows[i].what, NULL) ||
        !rig_wait_output(&rig, stay_rows[i].ready))
        return;
    CHECK_INT(jail_sample(rig.jail, &usage, &err), 0);
    CHECK(usage.processes <= rig.spec.limits.processes);
    CHECK(shmget(ESCAPE_IPC_OWN, 0, 0) < 0 && errno == ENOENT);
    if (stay_rows[i].frozen)
        check_frozen();
    jail_kill(rig.jail);
    /* the place is as good as before */
    if (rig_run(&rig, "who", NULL))
        CHECK_STR(rig.output, "same, capabilities 0");
}

static void test_stays(void)
{
    for (size_t i = 0; i < ARRAY_LEN(stay_rows); i++) {
        int before = check_failures;
        if (!rig_init(&rig))
            return;
        rig.spec.limits.tmp_bytes = (uint64_t)stay_rows[i].tmp_mib << 20;
        if (rig_open(&rig))
            check_stay(i);
        rig_close(&rig);
        if (check_failures > before)
            printf("# at '%s'\n", stay_rows[i].what);
    }
}

/* A signal to everybody ends the function itself and nobody outside. */
static void test_massacre(void)
{
    if (!rig_init(&rig))
        return;
    pid_t bystander = fork();
    if (bystander == 0)
        for (;;)
            pause();
    if (rig_open(&rig) && rig_run(&rig, "stay", "massacre", NULL)) {
        CHECK(rig.exit.signaled);
        CHECK_INT(rig.exit.code, SIGKILL);
    }
    CHECK_INT(waitpid(bystander, NULL, WNOHANG), 0);
    kill(bystander, SIGKILL);
    waitpid(bystander, NULL, 0);
    rig_close(&rig);
}

/* Folders of the host that a link in /tmp may name. */
static void note_folders(struct stat out[static 4])
{
    static const char *const folders[] = {"/", "/etc", "/usr", "/sys/fs/cgroup"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        CHECK_INT(stat(folders[i], &out[i]), 0);
}

/* While names in /tmp change under it, the host samples, freezes, kills, starts again and takes
 * /tmp down. */
static void test_races(void)
{
    struct stat before[4], after[4];
    struct jail_usage usage;
    struct err err = {0};
    if (!rig_init(&rig))
        return;
    note_folders(before);
    for (int i = 0; i < 5 && rig_open(&rig); i++) {
        for (int k = 0; k < 2 && rig_start(&rig, "stay", "racing", NULL); k++) {
            if (!rig_wait_output(&rig, "ready racing"))
                break;
            for (int n = 0; n < 100; n++)
                CHECK_INT(jail_sample(rig.jail, &usage, &err), 0);
            CHECK_INT(jail_freeze(rig.jail, &err), 0);
            CHECK_INT(jail_thaw(rig.jail, &err), 0);
            jail_kill(rig.jail);
        }
        jail_close(rig.jail, &err);
        CHECK_STR(err.msg, "");
        rig.jail = NULL;
    }
    note_folders(after);
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        CHECK_INT(after[i].st_mode, before[i].st_mode);
        CHECK_INT(after[i].st_uid, before[i].st_uid);
        CHECK_INT(after[i].st_dev, before[i].st_dev);
    }
    rig_close(&rig);
}

static const struct check_test table[] = {
    {"stays", test_stays},
    {"races", test_races},
    {"massacre", test_massacre},
};
CHECK_MAIN(table)
