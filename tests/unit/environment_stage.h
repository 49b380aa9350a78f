/* SPDX-License-Identifier: Apache-2.0 */
/* An environment over a jail and a Runtime API that do what the test says: no process, no socket,
 * no clock but the timeouts. */
#pragma once

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "check.h"
#include "env/environment.h"
#include "env/ids.h"
#include "scripted_jail.h"

/* ---- the Runtime API and the owner --------------------------------------------------------- */

static char script[8192]; /* what happened, one word or line each */
static char delivered[64];
static int resets, done_count;
static bool more;          /* the owner says that the next event waits */
static const char *follow; /* what done gives */
static bool was_frozen;    /* when done was called */
__attribute__((unused)) static void invoke(const char *body);
static struct report last;
static char last_type[64];
__attribute__((unused)) static char last_id[IDS_UUID_SIZE];

static void say(const char *fmt, ...) ATTR_PRINTF(1, 2);
static void say(const char *fmt, ...)
{
    size_t n = strlen(script);
    va_list args;
    va_start(args, fmt);
    vsnprintf(script + n, sizeof script - n, fmt, args);
    va_end(args);
}

static int on_deliver(void *server, const struct env_invocation *i, struct err *err)
{
    (void)server;
    (void)err;
    CHECK_INT(strlen(i->request_id), 36);
    CHECK_INT(strlen(i->nonce), 36);
    CHECK_STR(i->function_arn, "arn:aws:lambda:us-east-1:123456789012:function:fn");
    CHECK(!jail.frozen && jail.throttled);
    snprintf(delivered, sizeof delivered, "%.*s", (int)i->body_len, i->body);
    say("EVENT %s\n", delivered);
    return 0;
}

static void on_reset(void *server)
{
    (void)server;
    resets++;
}

static int on_listen(void *owner, struct environment *e, int listen_fd, const char *address,
                     struct environment_endpoint *out, struct err *err)
{
    (void)owner;
    (void)e;
    (void)err;
    CHECK_INT(listen_fd, -1);
    CHECK_STR(address, "127.100.5.24");
    *out = (struct environment_endpoint){{on_deliver, on_reset, NULL}, 9001};
    return 0;
}

static void on_answer(void *owner, const struct environment_answer *a)
{
    (void)owner;
    const char *message = strstr(a->body, "Error: ");
    if (message)
        say("FAILED %.*s\n", (int)strcspn(message + 7, "\""), message + 7);
    else
        say("%s %.*s\n", a->failed ? "FAILED" : "ANSWER", (int)a->body_len, a->body);
}

static void on_done(void *owner, const struct report *report)
{
    (void)owner;
    last = *report;
    snprintf(last_type, sizeof last_type, "%s", report->error_type ? report->error_type : "");
    snprintf(last_id, sizeof last_id, "%s", report->request_id);
    done_count++;
    was_frozen = jail.frozen;
    if (follow) {
        const char *body = follow;
        follow = NULL;
        invoke(body);
    }
}

static bool on_waits(void *owner)
{
    (void)owner;
    return more;
}

static void on_failed(void *owner, const struct err *err)
{
    (void)owner;
    say("BROKEN %s\n", err->msg);
}

/* Platform lines by their first word, INIT_REPORT with its phase. */
static void on_log(void *owner, enum environment_log kind, const char *text, size_t len)
{
    (void)owner;
    if (kind == ENVIRONMENT_LOG_FUNCTION) {
        say("%.*s", (int)len, text);
        return;
    }
    for (const char *line = text; line < text + len; line = strchr(line, '\n') + 1) {
        const char *phase = strstr(line, "Phase: ");
        if (strncmp(line, "INIT_REPORT", 11) == 0 && phase)
            say("INIT_REPORT %.*s\n", (int)strcspn(phase + 7, "\t"), phase + 7);
        else
            say("%.*s\n", (int)strcspn(line, " "), line);
    }
}

static const struct environment_hooks hooks = {
    .listen = on_listen,
    .answer = on_answer,
    .done = on_done,
    .waits = on_waits,
    .failed = on_failed,
    .log = on_log,
};

/* ---- the stage ----------------------------------------------------------------------------- */

static uv_loop_t loop;
static struct settings settings;
static struct code code;
static struct environment *env;
static char folder[] = "/tmp/test_environment.XXXXXX";

__attribute__((unused)) static void open_stage(const char *timeout)
{
    struct err err = {0};
    script[0] = '\0';
    resets = done_count = 0;
    more = false;
    CHECK_INT(uv_loop_init(&loop), 0);
    CHECK_INT(settings_init(&settings, &err), 0);
    CHECK_INT(settings_set_name(&settings, "fn", &err), 0);
    CHECK_INT(settings_set_timeout(&settings, timeout, &err), 0);
    code = (struct code){.binds = {{folder, "/var/task"}}, .nbinds = 1};
    struct environment_options o = {.loop = &loop,
                                    .settings = &settings,
                                    .code = &code,
                                    .policy_path = "/policy",
                                    .hooks = &hooks};
    env = environment_open(&o, &err);
    CHECK(env != NULL);
}

__attribute__((unused)) static void close_stage(void)
{
    environment_close(env, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    settings_fini(&settings);
}

__attribute__((unused)) static void start(void)
{
    struct err err = {0};
    CHECK_INT(environment_start(env, &err), 0);
}

__attribute__((unused)) static void invoke(const char *body)
{
    struct err err = {0};
    struct environment_event event = {.body = body, .body_len = strlen(body)};
    CHECK_INT(environment_invoke(env, &event, &err), 0);
}

/* Turns the loop until the script ends like this. */
__attribute__((unused)) static void until(const char *end)
{
    for (int i = 0; i < 5000; i++) {
        size_t n = strlen(script), m = strlen(end);
        if (n >= m && strcmp(script + n - m, end) == 0)
            return;
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    CHECK_HAS(script, end);
}

__attribute__((unused)) static void turn(void)
{
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

__attribute__((unused)) static void next(void)
{
    environment_events.next(env);
}

__attribute__((unused)) static void post(void (*event)(void *, const struct env_answer *),
                                         const char *type, const char *body)
{
    struct env_answer a = {.error_type = type, .body = body, .body_len = strlen(body)};
    event(env, &a);
}

__attribute__((unused)) static void write_to(int fd, const char *text)
{
    CHECK_INT(write(fd, text, strlen(text)), strlen(text));
}

__attribute__((unused)) static void end_program(struct jail_exit how)
{
    jail.how = how;
    write_to(jail.exit, "x");
}

/* main of a test on this stage */
__attribute__((unused)) static int run_stage(const struct check_test *tests, size_t count, int argc,
                                             char **argv)
{
    char path[64];
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/bootstrap", folder);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
    int status = check_main(tests, count, argc, argv);
    unlink(path);
    rmdir(folder);
    return status;
}
