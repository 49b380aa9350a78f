/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an environment over a jail and a Runtime API that do what the test says: no process,
 * no socket, no clock but the timeouts. */
#include "environment_stage.h"

/* ---- tests --------------------------------------------------------------------------------- */

static void test_metadata(void)
{
    open_stage("60");
    CHECK(environment_reaches_metadata(env));
    jail.refuses_metadata = true;
    CHECK(!environment_reaches_metadata(env));
    close_stage();
}

static void test_two_events(void)
{
    open_stage("60");
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

static void test_ahead(void)
{
    open_stage("60");
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
    open_stage("60");
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
        open_stage("60");
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
    open_stage("60");
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
    open_stage("60");
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
    open_stage("60");
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
    open_stage("60");
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
    open_stage("60");
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
    open_stage("60");
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
    open_stage("60");
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
    open_stage("60");
    jail.fail_spawn = true;
    CHECK_INT(environment_start(env, &err), -1);
    CHECK_STR(err.msg, "mounts are forbidden");
    CHECK_INT(err.kind, ERR_HOST);
    close_stage();
    open_stage("60");
    start();
    invoke("1");
    jail.fail_spawn = true;
    end_program((struct jail_exit){.code = 1});
    until("BROKEN mounts are forbidden\n");
    close_stage();
    open_stage("60");
    start();
    jail.fail_freeze = true;
    next();
    CHECK_STR(script, "INIT_START\nBROKEN the freezer is gone\n");
    CHECK_INT(environment_invoke(env, &(struct environment_event){.body = "", .body_len = 0}, &err),
              -1);
    close_stage();
}

/* An attempt keeps the id of its invocation. */
static void test_request_id(void)
{
    static const char id[] = "00112233-4455-4f77-bf99-aabbccddeef0";
    struct environment_event event = {.body = "1", .body_len = 1, .request_id = id};
    struct err err = {0};
    open_stage("60");
    for (int i = 0; i < 2; i++) {
        CHECK_INT(environment_invoke(env, &event, &err), 0);
        if (i == 0)
            next();
        post(environment_events.response, NULL, "one");
        next();
        CHECK_STR(last_id, id);
    }
    event.request_id = "00112233";
    CHECK_INT(environment_invoke(env, &event, &err), -1);
    CHECK_STR(err.msg, "'00112233' is no request id: a UUID is");
    invoke("2"); /* the environment is not busy with it */
    post(environment_events.response, NULL, "two");
    next();
    CHECK(strcmp(last_id, id) != 0);
    close_stage();
}

static void test_reset(void)
{
    struct err err = {0};
    open_stage("60");
    CHECK_INT(environment_reset(env, &err), 0); /* nothing runs */
    start();
    CHECK_INT(environment_reset(env, &err), 0); /* during its init */
    CHECK_STR(script, "INIT_START\n");
    invoke("1");
    CHECK_INT(jail.spawned, 2);
    CHECK_INT(environment_reset(env, &err), -1);
    CHECK_STR(err.msg, "the environment cannot be reset now");
    next();
    CHECK_INT(environment_reset(env, &err), -1);
    post(environment_events.response, NULL, "one");
    next();
    CHECK_STR(script, "INIT_START\nSTART\nEVENT 1\nANSWER one\nEND\nREPORT\n");
    CHECK_INT(last.init_us, LOGLINES_NO_INIT);
    script[0] = '\0';
    int killed = jail.killed, reset = resets;
    write_to(jail.out, "last words");
    CHECK_INT(environment_reset(env, &err), 0);
    CHECK(jail.killed > killed && resets > reset);
    turn();
    CHECK_STR(script, "last words\n");
    script[0] = '\0';
    invoke("2");
    CHECK_INT(jail.spawned, 3);
    next();
    post(environment_events.response, NULL, "two");
    next();
    CHECK_STR(script, "START\nEVENT 2\nANSWER two\nEND\nREPORT\n");
    close_stage();
}

/* Closing is allowed in every state. */
static void test_close(void)
{
    for (int state = 0; state < 4; state++) {
        open_stage("60");
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
    {"request_id", test_request_id},
    {"reset", test_reset},
    {"close", test_close},
};

int main(int argc, char **argv)
{
    return run_stage(tests, ARRAY_LEN(tests), argc, argv);
}
