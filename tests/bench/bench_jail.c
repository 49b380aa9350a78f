/* SPDX-License-Identifier: Apache-2.0 */
/* What the jail costs: medians of its calls and of its steps beside the floor, measured in turn in
 * one run. One JSON line on stdout. Usage: bench_jail [ROUNDS [host|none]]
 *
 * Each row of the jail's step tables is timed by standing in for build_run, which the linker lets
 * this program do (--wrap). Steps of the host and of the jail's first process overlap. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "jail/build.h"
#include "jail/jail.h"

#define ROUNDS_MAX 1000
#define STEPS_MAX  64
#define PROGRAM    "/usr/bin/true"

enum column {
    FLOOR_EXEC,
    FLOOR_NAMESPACES,
    OPEN,
    SPAWN,
    DECISION,
    RESPAWN,
    FREEZE,
    THAW,
    KILL,
    CLOSE,
    COLUMNS
};

static const char *const names[COLUMNS] = {
    "floor_fork_exec_us", "floor_namespaces_us", "open_us", "spawn_us", "open_and_spawn_us",
    "respawn_us",         "freeze_us",           "thaw_us", "kill_us",  "close_us",
};

static int64_t samples[COLUMNS][ROUNDS_MAX];

/* The steps of one side, in memory that the jail's first process shares. */
struct side {
    const char *name;
    int round; /* whose samples are written; -1: nobody's */
    size_t count;
    struct step {
        const char *name;
        int64_t took[ROUNDS_MAX];
    } steps[STEPS_MAX];
};

static struct side *sides; /* the host's, the child's */
static pid_t host;

int __real_build_run(const struct build_step *steps, size_t count, struct build *b,
                     struct err *err);
int __wrap_build_run(const struct build_step *steps, size_t count, struct build *b,
                     struct err *err);

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Names are of this program's image, the same in the jail's first process. Rows of one name in two
 * tables are one step. */
static void note_step(struct side *side, const char *name, int64_t took)
{
    size_t i = 0;
    if (side->round < 0)
        return;
    while (i < side->count && strcmp(side->steps[i].name, name) != 0)
        i++;
    if (i == STEPS_MAX)
        return;
    side->steps[i].name = name;
    side->steps[i].took[side->round] += took;
    side->count = i < side->count ? side->count : i + 1;
}

int __wrap_build_run(const struct build_step *steps, size_t count, struct build *b, struct err *err)
{
    struct side *side = &sides[getpid() == host ? 0 : 1];
    for (size_t i = 0; i < count; i++) {
        int64_t start = now_us();
        if (__real_build_run(&steps[i], 1, b, err) < 0)
            return -1;
        note_step(side, steps[i].name, now_us() - start);
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A root of its own with /usr in it: what any jail at least does. */
static void enter_namespaces(void)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 || mkdir("/tmp/usr", 0755) < 0 ||
        mount("/usr", "/tmp/usr", NULL, MS_BIND | MS_REC, NULL) < 0 || chdir("/tmp") < 0 ||
        symlink("usr/lib", "lib") < 0 || symlink("usr/lib64", "lib64") < 0 ||
        syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
        _exit(126);
}

/* From the decision to the exec, seen by the end of a close-on-exec pipe. */
static int64_t run_floor(uint64_t flags)
{
    int ends[2], failed = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    int64_t start = now_us();
    struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        if (flags)
            enter_namespaces();
        execl(PROGRAM, PROGRAM, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], &failed, sizeof failed);
    int64_t took = now_us() - start;
    int status = 0;
    close(ends[0]);
    waitpid((pid_t)pid, &status, 0);
    return n == 0 && pid > 0 && status == 0 ? took : -1;
}

static void close_io(struct jail_io *io)
{
    close(io->stdout_fd);
    close(io->stderr_fd);
    close(io->exit_fd);
    if (io->listen_fd >= 0)
        close(io->listen_fd);
}

static int spawn(struct jail *j, const char *const *argv, struct jail_io *io, struct err *err)
{
    static const char *const envp[] = {NULL};
    const struct jail_program program = {
        .path = argv[0], .argv = argv, .envp = envp, .cwd = "/var/task"};
    return jail_spawn(j, &program, io, err);
}

static int run_jail(const struct jail_spec *spec, int round, struct err *err)
{
    static const char *const sleeper[] = {"/usr/bin/sleep", "1000", NULL};
    struct jail_io io;
    sides[0].round = sides[1].round = round;
    struct jail *j = jail_open(spec, err);
    if (!j)
        return -1;
    int failed = spawn(j, sleeper, &io, err);
    sides[0].round = sides[1].round = -1;
    if (failed == 0) {
        samples[OPEN][round] = jail_timing(j).open_us;
        samples[SPAWN][round] = jail_timing(j).spawn_us;
        samples[DECISION][round] = jail_timing(j).open_us + jail_timing(j).spawn_us;
        int64_t t0 = now_us();
        failed = jail_freeze(j, err);
        int64_t t1 = now_us();
        failed = failed < 0 ? failed : jail_thaw(j, err);
        int64_t t2 = now_us();
        jail_kill(j);
        samples[KILL][round] = now_us() - t2;
        samples[FREEZE][round] = t1 - t0;
        samples[THAW][round] = t2 - t1;
        close_io(&io);
    }
    if (failed == 0 && (failed = spawn(j, sleeper, &io, err)) == 0) {
        samples[RESPAWN][round] = jail_timing(j).spawn_us;
        jail_kill(j);
        close_io(&io);
    }
    int64_t start = now_us();
    jail_close(j, NULL);
    samples[CLOSE][round] = now_us() - start;
    return failed;
}

static void report_steps(struct side *side, int rounds)
{
    printf(",\"%s_steps\":[", side->name);
    for (size_t i = 0; i < side->count; i++) {
        int64_t *took = side->steps[i].took;
        qsort(took, (size_t)rounds, sizeof *took, compare);
        printf("%s[\"%s\",%lld]", i ? "," : "", side->steps[i].name, (long long)took[rounds / 2]);
    }
    printf("]");
}

static void report(int rounds)
{
    printf("{\"rounds\":%d", rounds);
    for (int c = 0; c < COLUMNS; c++) {
        qsort(samples[c], (size_t)rounds, sizeof samples[c][0], compare);
        printf(",\"%s\":%lld,\"%s_min\":%lld", names[c], (long long)samples[c][rounds / 2],
               names[c], (long long)samples[c][0]);
    }
    report_steps(&sides[0], rounds);
    report_steps(&sides[1], rounds);
    printf("}\n");
}

/* The policy of this build, beside the folder of this program. */
static bool find_policy(char path[static PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 64);
    if (len < 0)
        return false;
    path[len] = 0;
    char *slash = strrchr(path, '/');
    strcpy(slash, "/../share/clambda/lambda.policy");
    return access(path, R_OK) == 0;
}

static int measure(const struct jail_spec *spec, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        struct err err = {0};
        samples[FLOOR_EXEC][i] = run_floor(0);
        samples[FLOOR_NAMESPACES][i] =
            run_floor(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
        if (samples[FLOOR_NAMESPACES][i] < 0 || run_jail(spec, i, &err) < 0) {
            fprintf(stderr, "bench_jail: %s\n", *err.msg ? err.msg : "the floor failed");
            return 1;
        }
    }
    report(rounds);
    return 0;
}

static bool open_sides(void)
{
    host = getpid();
    sides =
        mmap(NULL, 2 * sizeof *sides, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sides == MAP_FAILED)
        return false;
    sides[0].name = "host";
    sides[1].name = "child";
    return true;
}

int main(int argc, char **argv)
{
    char policy[PATH_MAX];
    int rounds = argc > 1 ? atoi(argv[1]) : 50;
    if (argc > 3 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_jail [ROUNDS up to %d [host|none]]\n", ROUNDS_MAX);
        return 2;
    }
    if (!find_policy(policy)) {
        fprintf(stderr, "bench_jail: no policy at '%s'\n", policy);
        return 1;
    }
    if (!open_sides()) {
        fprintf(stderr, "bench_jail: no shared memory: %s\n", strerror(errno));
        return 1;
    }
    const struct jail_spec spec = {
        .hostname = "169.254.1.2",
        .user_name = "sbx_user1051",
        .uid = 993,
        .gid = 990,
        .limits = {.memory_bytes = 128u << 20,
                   .tmp_bytes = 512u << 20,
                   .cpu_permille = 72,
                   .processes = 1024,
                   .files = 1024},
        .network = argc > 2 && strcmp(argv[2], "none") == 0 ? JAIL_NETWORK_NONE : JAIL_NETWORK_HOST,
        .policy_path = policy,
    };
    return measure(&spec, rounds);
}
