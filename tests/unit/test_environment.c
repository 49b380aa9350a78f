/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an environment over a jail and a Runtime API that do what the test says: no process,
 * no socket, no clock but the timeouts. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "check.h"
#include "env/environment.h"
#include "scripted_jail.h"

/* ---- the Runtime API and the owner --------------------------------------------------------- */

static char script[8192]; /* what happened, one word or line each */
static char delivered[64];
static int resets, done_count;
static bool more;          /* the owner says that the next event waits */
static const char *follow; /* what done gives */
static bool was_frozen;    /* when done was called */
static void invoke(const char *body);
static struct report last;
static char last_type[64];

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

static void open_stage(const char *timeout)
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

static void close_stage(void)
{
    environment_close(env, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    settings_fini(&settings);
}

static void start(void)
{
    struct err err = {0};
    CHECK_INT(environment_start(env, &err), 0);
}

static void invoke(const char *body)
{
    struct err err = {0};
    struct environment_event event = {.body = body, .body_len = strlen(body)};
    CHECK_INT(environment_invoke(env, &event, &err), 0);
}

/* Turns the loop until the script ends like this. */
static void until(const char *end)
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

static void turn(void)
{
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static void next(void)
{
    environment_events.next(env);
}

static void post(void (*event)(void *, const struct env_answer *), const char *type,
                 const char *body)
{
    struct env_answer a = {.error_type = type, .body = body, .body_len = strlen(body)};
    event(env, &a);
}

static void write_to(int fd, const char *text)
{
    CHECK_INT(write(fd, text, strlen(text)), strlen(text));
}

static void end_program(struct jail_exit how)
{
    jail.how = how;
    write_to(jail.exit, "x");
}

/* ---- tests --------------------------------------------------------------------------------- */

static void test_metadata(void)
{
    open_stage("3");
    CHECK(environment_reaches_metadata(env));
    jail.refuses_metadata = true;
    CHECK(!environment_reaches_metadata(env));
    close_stage();
}

static void test_two_events(void)
{
    open_stage("3");
    start();
    invoke("1");
    write_to(jail.out, "starting\n");
    next();
    write_to(jail.err, "work");
    post(environment_events.response, NULL, "one");
    CHECK_INT(done_count, 0);
    next();
    CHECK_STR(script, "INIT_START\nstarting\nSTART\nEVENT 1\nANSWER one\nwork\nEND\nREPORT\n");
    CHECK(jail.frozen);
    CHECK(last.init_us >= JAIL_LATE_US && last.status == LOGLINES_SUCCESS);
    CHECK_INT(last.max_memory_mb, 5);
    script[0] = '\0';
    invoke("2");
    post(environment_events.error, "Function.Odd", "{}");
    next();
    CHECK_STR(script, "START\nEVENT 2\nFAILED {}\nEND\nREPORT\n");
    CHECK_INT(last.status, LOGLINES_HANDLED);
    CHECK_STR(last_type, "Function.Odd");
    CHECK_INT(last.init_us, LOGLINES_NO_INIT);
    CHECK_INT(jail.spawned, 1);
    close_stage();
}

/* Nothing is frozen before an event that waits, and everything after one that did not come. */
static void test_no_pause(void)
{
    open_stage("3");
    start();
    invoke("1");
    next();
    more = true;
    follow = "2";
    post(environment_events.response, NULL, "one");
    next();
    CHECK(!was_frozen && !jail.frozen);
    CHECK_INT(last.max_memory_mb, 5);
    CHECK_STR(script, "INIT_START\nSTART\nEVENT 1\nANSWER one\nEND\nREPORT\nSTART\nEVENT 2\n");
    post(environment_events.response, NULL, "two");
    next();
    CHECK(!was_frozen && jail.frozen);
    script[0] = '\0';
    more = false;
    invoke("3");
    CHECK(!jail.frozen);
    post(environment_events.response, NULL, "three");
    next();
    CHECK(was_frozen && jail.frozen);
    CHECK_STR(script, "START\nEVENT 3\nANSWER three\nEND\nREPORT\n");
    close_stage();
}

/* What a frozen or a killed environment has used is read in any case. */
static void test_killed_without_pause(void)
{
    open_stage("3");
    start();
    invoke("1");
    next();
    more = true;
    jail.usage.oom = true;
    usleep(11000);
    post(environment_events.response, NULL, "one");
    next();
    until("END\nREPORT\n");
    CHECK_STR(last_type, "Runtime.OutOfMemory");
    CHECK_INT(jail.killed, 1);
    close_stage();
}

static void test_ahead(void)
{
    open_stage("3");
    start();
    next();
    CHECK_STR(script, "INIT_START\n");
    CHECK(jail.frozen);
    invoke("1");
    CHECK_STR(script, "INIT_START\nSTART\nEVENT 1\n");
    close_stage();
}

/* What the runtime does out of turn changes nothing. */
static void test_out_of_turn(void)
{
    open_stage("3");
    start();
    post(environment_events.response, NULL, "early");
    next();
    next();
    post(environment_events.response, NULL, "no event");
    post(environment_events.init_error, NULL, "late");
    invoke("1");
    next();
    post(environment_events.response, NULL, "1");
    post(environment_events.response, NULL, "again");
    environment_events.broken_response(env, ENV_TOO_LARGE, 1);
    CHECK_STR(script, "INIT_START\nSTART\nEVENT 1\nANSWER 1\n");
    struct err err = {0};
    CHECK_INT(
        environment_invoke(env, &(struct environment_event){.body = "2", .body_len = 1}, &err), -1);
    CHECK_HAS(err.msg, "busy");
    close_stage();
}

static const struct {
    struct jail_exit how;
    const char *message, *type;
} exits[] = {
    {{.code = 3}, "Runtime exited with error: exit status 3", "Runtime.ExitError"},
    {{.signaled = true, .code = 11},
     "Runtime exited with error: signal: segmentation fault",
     "Runtime.ExitError"},
    {{.signaled = true, .code = 9, .oom = true},
     "Runtime exited with error: signal: killed",
     "Runtime.OutOfMemory"},
};

static void test_exits(void)
{
    for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
        char want[512];
        open_stage("3");
        start();
        invoke("1");
        next();
        write_to(jail.out, "last words");
        end_program(exits[i].how);
        until("REPORT\n");
        snprintf(want, sizeof want,
                 "INIT_START\nSTART\nEVENT 1\nlast words\nFAILED %s\nEND\nREPORT\n",
                 exits[i].message);
        CHECK_STR(script, want);
        CHECK_STR(last_type, exits[i].type);
        CHECK_INT(last.max_memory_mb, exits[i].how.oom ? 128 : 5);
        CHECK(resets >= 1 && jail.killed >= 1);
        script[0] = '\0';
        invoke("2");
        CHECK_INT(jail.spawned, 2);
        next();
        post(environment_events.response, NULL, "two");
        next();
        CHECK_STR(script, "START\nEVENT 2\nANSWER two\nEND\nREPORT\n");
        CHECK_INT(last.init_us, LOGLINES_NO_INIT);
        close_stage();
    }
}

static void test_timeout(void)
{
    open_stage("0.05");
    start();
    invoke("1");
    next();
    until("REPORT\n");
    CHECK_STR(
        script,
        "INIT_START\nSTART\nEVENT 1\nFAILED Task timed out after 0.05 seconds\nEND\nREPORT\n");
    CHECK_INT(last.duration_us, 50000);
    CHECK_INT(last.status, LOGLINES_TIMEOUT);
    close_stage();
}

static void test_answer_stands(void)
{
    open_stage("0.05");
    start();
    invoke("1");
    next();
    post(environment_events.response, NULL, "early");
    until("REPORT\n");
    CHECK_STR(script, "INIT_START\nSTART\nEVENT 1\nANSWER early\nEND\nREPORT\n");
    CHECK_INT(last.status, LOGLINES_TIMEOUT);
    close_stage();
    open_stage("3");
    start();
    invoke("1");
    next();
    post(environment_events.response, NULL, "early");
    end_program((struct jail_exit){.code = 0});
    until("REPORT\n");
    CHECK_STR(script, "INIT_START\nSTART\nEVENT 1\nANSWER early\nEND\nREPORT\n");
    CHECK_STR(last_type, "Runtime.ExitError");
    close_stage();
}

static void test_failed_init(void)
{
    open_stage("3");
    start();
    invoke("1");
    end_program((struct jail_exit){.code = 1});
    until("INIT_REPORT init\n");
    CHECK_INT(jail.spawned, 2);
    end_program((struct jail_exit){.code = 2});
    until("REPORT\n");
    CHECK_STR(script, "INIT_START\nINIT_REPORT init\nINIT_REPORT invoke\nSTART\n"
                      "FAILED Runtime exited with error: exit status 2\nEND\nREPORT\n");
    CHECK_INT(last.init_us, LOGLINES_NO_INIT);
    close_stage();
}

static void test_init_recovers(void)
{
    open_stage("3");
    start();
    end_program((struct jail_exit){.code = 1});
    until("INIT_REPORT init\n");
    CHECK_INT(jail.spawned, 1);
    invoke("1");
    CHECK_INT(jail.spawned, 2);
    next();
    post(environment_events.response, NULL, "one");
    next();
    CHECK_STR(script, "INIT_START\nINIT_REPORT init\nSTART\nEVENT 1\nANSWER one\nEND\nREPORT\n");
    close_stage();
}

static void test_init_error(void)
{
    open_stage("3");
    start();
    invoke("1");
    for (int i = 0; i < 2; i++) {
        post(environment_events.init_error, "Runtime.BadConfig", "posted");
        jail.usage.memory_peak_bytes = 0; /* of a dead process nothing is known */
        if (i == 0)
            end_program((struct jail_exit){.code = 1}); /* the second one lives on and is killed */
        until(i ? "END\nREPORT\n" : "INIT_REPORT init\n");
    }
    CHECK_STR(
        script,
        "INIT_START\nINIT_REPORT init\nINIT_REPORT invoke\nSTART\nFAILED posted\nEND\nREPORT\n");
    CHECK_STR(last_type, "Runtime.BadConfig");
    CHECK_INT(last.max_memory_mb, 5);
    close_stage();
}

static void test_late_init_inside(void)
{
    open_stage("0.05");
    start();
    invoke("1");
    end_program((struct jail_exit){.code = 1});
    until("END\nREPORT\n");
    CHECK_STR(script, "INIT_START\nINIT_REPORT init\nINIT_REPORT invoke\nSTART\n"
                      "FAILED Task timed out after 0.05 seconds\nEND\nREPORT\n");
    CHECK_INT(last.duration_us, 50000);
    close_stage();
}

/* A killed child is found by a sample, or at the end of the event at the latest. */
static void test_oom(void)
{
    open_stage("3");
    start();
    invoke("1");
    next();
    jail.usage.oom = true;
    until("REPORT\n");
    CHECK_STR(script,
              "INIT_START\nSTART\nEVENT 1\nFAILED Runtime exited with error: signal: killed\n"
              "END\nREPORT\n");
    CHECK_STR(last_type, "Runtime.OutOfMemory");
    script[0] = '\0';
    invoke("2");
    next();
    jail.usage.oom = true;
    post(environment_events.response, NULL, "two");
    next();
    until("REPORT\n");
    CHECK_STR(script, "START\nEVENT 2\nANSWER two\nEND\nREPORT\n");
    CHECK_STR(last_type, "Runtime.OutOfMemory");
    CHECK_INT(last.max_memory_mb, 128);
    script[0] = '\0';
    invoke("3");
    CHECK_INT(jail.spawned, 3);
    close_stage();
}

static void test_broken(void)
{
    open_stage("3");
    start();
    invoke("1");
    next();
    environment_events.broken_response(env, ENV_TOO_LARGE, 7000000);
    next();
    CHECK_HAS(script, "FAILED {\"errorMessage\":\"Response payload size exceeded maximum allowed");
    CHECK_STR(last_type, "Function.ResponseSizeTooLarge");
    CHECK(jail.frozen);
    invoke("2");
    CHECK_INT(jail.spawned, 1);
    close_stage();
}

static void test_no_bootstrap(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/bootstrap", folder);
    unlink(path);
    open_stage("3");
    start();
    invoke("1");
    CHECK_STR(script, "INIT_START\n");
    until("REPORT\n");
    until("END\nREPORT\n");
    CHECK_STR(script,
              "INIT_START\nINIT_REPORT init\nINIT_REPORT invoke\nSTART\nFAILED Couldn't find valid "
              "bootstrap(s): [/var/task/bootstrap /opt/bootstrap]\nEND\nREPORT\n");
    CHECK_INT(jail.spawned, 0);
    close_stage();
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
}

static void test_host_fails(void)
{
    struct err err = {0};
    open_stage("3");
    jail.fail_spawn = true;
    CHECK_INT(environment_start(env, &err), -1);
    CHECK_STR(err.msg, "mounts are forbidden");
    CHECK_INT(err.kind, ERR_HOST);
    close_stage();
    open_stage("3");
    start();
    invoke("1");
    jail.fail_spawn = true;
    end_program((struct jail_exit){.code = 1});
    until("BROKEN mounts are forbidden\n");
    close_stage();
    open_stage("3");
    start();
    jail.fail_freeze = true;
    next();
    CHECK_STR(script, "INIT_START\nBROKEN the freezer is gone\n");
    CHECK_INT(environment_invoke(env, &(struct environment_event){.body = "", .body_len = 0}, &err),
              -1);
    close_stage();
}

/* Closing is allowed in every state. */
static void test_close(void)
{
    for (int state = 0; state < 4; state++) {
        open_stage("3");
        if (state > 0)
            start();
        if (state > 1)
            invoke("1");
        if (state > 2)
            next();
        turn();
        close_stage();
    }
}

static const struct check_test tests[] = {
    {"two_events", test_two_events},
    {"no_pause", test_no_pause},
    {"killed_without_pause", test_killed_without_pause},
    {"metadata", test_metadata},
    {"ahead", test_ahead},
    {"out_of_turn", test_out_of_turn},
    {"exits", test_exits},
    {"timeout", test_timeout},
    {"answer_stands", test_answer_stands},
    {"failed_init", test_failed_init},
    {"init_recovers", test_init_recovers},
    {"init_error", test_init_error},
    {"late_init_inside", test_late_init_inside},
    {"oom", test_oom},
    {"broken", test_broken},
    {"no_bootstrap", test_no_bootstrap},
    {"host_fails", test_host_fails},
    {"close", test_close},
};

int main(int argc, char **argv)
{
    char path[64];
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/bootstrap", folder);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
    int status = check_main(tests, ARRAY_LEN(tests), argc, argv);
    unlink(path);
    rmdir(folder);
    return status;
}
