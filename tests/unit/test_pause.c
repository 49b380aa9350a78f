/* SPDX-License-Identifier: Apache-2.0 */
/* Events that follow at once: what is not frozen between them, and what is looked at all the same.
 */
#include "environment_stage.h"

/* Nothing is frozen before an event that waits, and everything after one that did not come. */
static void test_no_pause(void)
{
    open_stage("60");
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
    open_stage("60");
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

static const struct check_test tests[] = {
    {"no_pause", test_no_pause},
    {"killed_without_pause", test_killed_without_pause},
};

int main(int argc, char **argv)
{
    return run_stage(tests, ARRAY_LEN(tests), argc, argv);
}
