/* SPDX-License-Identifier: Apache-2.0 */
/* bench_spawn COUNT CPU COMMAND...: runs the command COUNT times, one after the other, pinned to
 * CPU
 * (-1: not), and prints the median from start to end as JSON. Output of the command is dropped. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define COUNT_MAX 10000

extern char **environ;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Nanoseconds of one run, -1 when it failed. */
static int64_t run_once(char **argv)
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&files, fd, "/dev/null", fd ? O_WRONLY : O_RDONLY, 0);
    pid_t pid;
    int status = -1;
    int64_t start = now_ns();
    int rc = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (rc != 0) {
        fprintf(stderr, "bench_spawn: '%s': %s\n", argv[0], strerror(rc));
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    int64_t took = now_ns() - start;
    if (status != 0) {
        fprintf(stderr, "bench_spawn: '%s' ended with status 0x%x\n", argv[0], status);
        return -1;
    }
    return took;
}

int main(int argc, char **argv)
{
    static int64_t took[COUNT_MAX];
    int count = argc > 3 ? atoi(argv[1]) : 0;
    if (count < 1 || count > COUNT_MAX) {
        fprintf(stderr, "usage: bench_spawn COUNT CPU COMMAND...\n");
        return 2;
    }
    int cpu = atoi(argv[2]);
    if (cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((unsigned)cpu, &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0)
            fprintf(stderr, "bench_spawn: not pinned to CPU %d: %s\n", cpu, strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        took[i] = run_once(argv + 3);
        if (took[i] < 0)
            return 1;
    }
    qsort(took, (size_t)count, sizeof *took, compare);
    printf("{\"count\": %d, \"median_us\": %.1f, \"min_us\": %.1f}\n", count,
           (double)took[count / 2] / 1e3, (double)took[0] / 1e3);
    return 0;
}
