/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment says about workers and snapshots, and how SIGTERM is told. */
#include "core/settings.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "core/stop.h"

static void read_with(const char *name, const char *value, struct settings *out)
{
    struct err err = {0};
    setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001", 1);
    setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "2048", 1);
    setenv(name, value, 1);
    CHECK_INT(settings_read(out, &err), 0);
    unsetenv(name);
}

static void test_workers(void)
{
    static const struct {
        const char *text;
        unsigned workers;
        bool bad;
    } rows[] = {
        {"", 0, false},       {"1", 1, false},
        {"16", 16, false},    {"1000", 1000, false},
        {"1001", 1000, true}, {"0", 1, true},
        {"-1", 1, true},      {"+2", 1, true},
        {" 2", 1, true},      {"2 ", 1, true},
        {"2.5", 1, true},     {"0x10", 1, true},
        {"abc", 1, true},     {"99999999999999999999", 1000, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct settings s;
        read_with("AWS_LAMBDA_MAX_CONCURRENCY", rows[i].text, &s);
        CHECK_INT(s.workers, rows[i].workers);
        CHECK_INT(s.bad_workers != NULL, rows[i].bad);
        CHECK_INT(s.log_json, rows[i].workers > 0);
    }
}

static void test_memory_bounds_workers(void)
{
    struct settings s;
    struct err err = {0};
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", "500", 1);
    setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256", 1);
    CHECK_INT(settings_read(&s, &err), 0);
    unsetenv("AWS_LAMBDA_MAX_CONCURRENCY");
    CHECK_INT(s.workers, 256);
    CHECK_STR(s.bad_workers, "500");
}

static void test_snap_start(void)
{
    static const struct {
        const char *text;
        bool snap_start;
    } rows[] = {
        {"snap-start", true},
        {"on-demand", false},
        {"", false},
        {"snap-start ", false},
        {"lambda-managed-instances", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct settings s;
        read_with("AWS_LAMBDA_INITIALIZATION_TYPE", rows[i].text, &s);
        CHECK_INT(s.snap_start, rows[i].snap_start);
    }
}

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_stop(void)
{
    struct err err = {0};
    int fd = stop_install(&err);
    CHECK(fd >= 0);
    CHECK(!stop_requested());
    CHECK(!is_readable(fd));
    int64_t before = now_ms();
    raise(SIGTERM);
    int64_t after = now_ms();
    CHECK(stop_requested());
    CHECK(is_readable(fd));
    int64_t deadline = stop_deadline_ms();
    raise(SIGTERM); /* the second one gives no more time */
    CHECK_INT(stop_deadline_ms(), deadline);
    CHECK(deadline >= before + STOP_GRACE_EXTERNAL_MS && deadline <= after + STOP_GRACE_MS);
    CHECK(is_readable(fd));
}

/* A fork has a descriptor of its own. */
static void test_stop_in_a_fork(void)
{
    struct err err = {0};
    int fd = stop_install(&err), status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        int own = stop_install(&err);
        raise(SIGTERM);
        _exit(stop_requested() && is_readable(own) ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    CHECK(!stop_requested());
    CHECK(!is_readable(fd));
}

static const struct check_test tests[] = {
    {"workers", test_workers},
    {"memory bounds workers", test_memory_bounds_workers},
    {"snapshots", test_snap_start},
    {"SIGTERM", test_stop},
    {"SIGTERM in a fork", test_stop_in_a_fork},
};
CHECK_MAIN(tests)
