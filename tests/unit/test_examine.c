/* SPDX-License-Identifier: Apache-2.0 */
/* What the examining program tells, and what follows from it. */
#include <errno.h>
#include <fcntl.h>

#include "check.h"
#include "jail/examine_cause.h"
#include "jail/examine_proof.h"
#include "jail/examine_step.h"

#define GOOD                                                                                      \
    "Seccomp 2\nNoNewPrivs 1\ncapabilities 0\nuid 993\nmapped 2\nsetuid 1\nreadonly 1\nhomes 0\n" \
    "usr_owner 0\ntask_owner 0\nprocesses 2\npid 2\npersonality 1\nabstract 1\nmetadata 1\n"      \
    "files_errno 24\nfiles 1024\ntmp_errno 28\ntmp_bytes 17825792\nforks_errno 11\nforks 32\n"

static const struct jail_spec spec = {
    .uid = 993, .limits = {.tmp_bytes = 16 << 20, .processes = 32, .files = 1024}};

static const struct {
    const char *word; /* what is told instead */
    int item;
    const char *why; /* of that item, which alone does not hold; NULL: it holds with a remark */
} rows[] = {
    {"Seccomp 0", JAIL_LIMIT_SECCOMP, "mode 0"},
    {"personality 0", JAIL_LIMIT_SECCOMP, "personality: allowed"},
    {"personality 38", JAIL_LIMIT_SECCOMP, "Function not implemented"},
    {"NoNewPrivs 0", EXAMINE_RIGHTS, "no_new_privs 0"},
    {"capabilities 2097152", EXAMINE_RIGHTS, "capabilities 0x200000"},
    {"uid 0", EXAMINE_USER, "user 0 inside instead of 993"},
    {"setuid 0", EXAMINE_USER, "becoming root: allowed"},
    {"mapped 4294967295", EXAMINE_USER, "user 993"},
    {"readonly 0", EXAMINE_ROOT, "can be written"},
    {"homes 1", EXAMINE_ROOT, "the host's folders"},
    {"processes 212", EXAMINE_PROCESSES, "212 processes"},
    {"files_errno 0", EXAMINE_FILES, "one file more than 1024: allowed"},
    {"files 1025", EXAMINE_FILES, "one file more than 1024"},
    {"files 256", EXAMINE_FILES, NULL},
    {"tmp_errno 0", JAIL_LIMIT_TMP, "of 16 MB it took 17408 KB, then: allowed"},
    {"tmp_errno 12", JAIL_LIMIT_TMP, "Cannot allocate memory"},
    {"tmp_bytes 30000000", JAIL_LIMIT_TMP, "it took 29296 KB"},
    {"tmp_bytes 65536", JAIL_LIMIT_TMP, "it took 64 KB"},
    {"forks_errno 0", JAIL_LIMIT_PIDS, "limit of 32 processes, one more: allowed"},
    {"forks 33", JAIL_LIMIT_PIDS, "limit of 32"},
    {"metadata 0", EXAMINE_METADATA, "it is there and did not hold: allowed"},
    {"metadata 115", EXAMINE_METADATA, "did not hold"},
    {"abstract 0", EXAMINE_SOCKETS, "--network none keeps them away"},
    {"usr_owner 65534", EXAMINE_OWNERS, "nobody's"},
    {"task_owner 65534", EXAMINE_OWNERS, "nobody's"},
};

static const int judged[] = {JAIL_LIMIT_PIDS, JAIL_LIMIT_TMP, JAIL_LIMIT_SECCOMP,
                             EXAMINE_USER,    EXAMINE_ROOT,   EXAMINE_PROCESSES,
                             EXAMINE_FILES,   EXAMINE_RIGHTS, EXAMINE_METADATA,
                             EXAMINE_SOCKETS, EXAMINE_OWNERS};

static struct examine_run run;
static struct examine_finding found[EXAMINE_COUNT];

static void judge(const char *text)
{
    static const int named[] = {JAIL_LIMIT_PIDS, JAIL_LIMIT_TMP, JAIL_LIMIT_SECCOMP,
                                EXAMINE_METADATA};
    memset(found, 0, sizeof found);
    for (size_t i = 0; i < ARRAY_LEN(named); i++)
        strcpy(found[named[i]].mechanism, "a mechanism");
    snprintf(run.output, sizeof run.output, "%s", text);
    examine_judge_look(&run, &spec, found);
}

static void test_all_hold(void)
{
    judge(GOOD);
    for (size_t i = 0; i < ARRAY_LEN(judged); i++) {
        CHECK(found[judged[i]].holds);
        CHECK(*found[judged[i]].mechanism);
        CHECK_STR(found[judged[i]].why, "");
    }
}

/* Puts a row's words in the place of the line that begins alike. */
static void replace(char *text, size_t size, const char *words)
{
    size_t len = strcspn(words, " ") + 1;
    size_t used = 0;
    for (const char *line = GOOD; *line; line += strcspn(line, "\n") + 1) {
        bool same = strncmp(line, words, len) == 0;
        int n = same ? (int)strlen(words) : (int)strcspn(line, "\n");
        used += (size_t)snprintf(text + used, size - used, "%.*s\n", n, same ? words : line);
    }
}

static void test_one_does_not(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[sizeof GOOD + 64];
        replace(text, sizeof text, rows[i].word);
        judge(text);
        for (size_t k = 0; k < ARRAY_LEN(judged); k++) {
            const struct examine_finding *f = &found[judged[k]];
            if (f->holds == (judged[k] != rows[i].item || !rows[i].why))
                continue;
            printf("# after '%s', item %d:\n", rows[i].word, judged[k]);
            check_report(__FILE__, __LINE__, "the wrong item");
        }
        CHECK_HAS(found[rows[i].item].why, rows[i].why ? rows[i].why : "ulimit -Hn 1024");
    }
}

/* A program that was killed at once proves nothing; a missing mechanism keeps its own reason. */
static void test_silence(void)
{
    judge("");
    for (size_t i = 0; i < ARRAY_LEN(judged); i++) {
        CHECK(!found[judged[i]].holds);
        CHECK(*found[judged[i]].why);
    }
    memset(found, 0, sizeof found);
    strcpy(found[JAIL_LIMIT_PIDS].why, "why it is missing");
    snprintf(run.output, sizeof run.output, "%s", GOOD);
    examine_judge_look(&run, &spec, found);
    CHECK(!found[JAIL_LIMIT_PIDS].holds);
    CHECK_STR(found[JAIL_LIMIT_PIDS].why, "why it is missing");
}

static void test_memory(void)
{
    static const struct {
        bool oom;
        const char *output, *why;
    } deaths[] = {
        {true, "", ""},
        {false, "", "without being killed for memory"},
        {false, "eaten 50331648\n", "took 48 MB"},
        {true, "eaten 50331648\n", "took 48 MB"},
    };
    for (size_t i = 0; i < ARRAY_LEN(deaths); i++) {
        struct examine_finding f = {0};
        run.oom = deaths[i].oom;
        snprintf(run.output, sizeof run.output, "%s", deaths[i].output);
        examine_judge_eat(&run, &f);
        CHECK_INT(f.holds, !*deaths[i].why);
        CHECK_HAS(f.why, deaths[i].why);
    }
}

static void test_cpu(void)
{
    static const struct {
        const char *output, *why;
    } shares[] = {
        {"wall_us 83000\ncpu_us 6000\n", ""},
        {"wall_us 25000\ncpu_us 6000\n", ""},
        {"wall_us 6100\ncpu_us 6000\n", "98 % of a CPU instead of 7 %"},
        {"wall_us 12000\ncpu_us 6000\n", "50 % of a CPU"},
        {"wall_us 0\ncpu_us 0\n", "ended before"},
        {"", "ended before"},
    };
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        struct examine_finding f = {.why = "an earlier reason"};
        snprintf(run.output, sizeof run.output, "%s", shares[i].output);
        CHECK_INT(examine_judge_spin(&run, 72, &f), !*shares[i].why);
        CHECK_INT(f.holds, !*shares[i].why);
        CHECK_HAS(f.why, shares[i].why);
        CHECK(*shares[i].why || !*f.why);
    }
}

static void test_causes(void)
{
    char text[ERR_MSG_MAX];
    examine_explain(EXAMINE_CAUSE_USER, "max_user_namespaces", ENOSPC, text, sizeof text);
    CHECK_HAS(text, "sysctl -w");
    examine_explain(EXAMINE_CAUSE_USER, "max_user_namespaces", EINVAL, text, sizeof text);
    CHECK_HAS(text, "built without");
    examine_explain(EXAMINE_CAUSE_USER, "max_user_namespaces", EPERM, text, sizeof text);
    CHECK(*text);
    examine_explain(EXAMINE_CAUSE_PROC, NULL, EPERM, text, sizeof text);
    CHECK_HAS(text, "systempaths=unconfined");
    examine_explain(EXAMINE_CAUSE_ROOT, NULL, EINVAL, text, sizeof text);
    CHECK_HAS(text, "switch_root");
    examine_explain(EXAMINE_CAUSE_OTHER, NULL, EIO, text, sizeof text);
    CHECK_STR(text, "");
}

/* Each part holds, or tells why it does not; the caller is as it was. */
static void test_steps(void)
{
    static const int parts[] = {EXAMINE_USER, EXAMINE_ROOT, EXAMINE_PROCESSES, EXAMINE_NETWORK};
    struct err err = {0};
    memset(found, 0, sizeof found);
    CHECK_INT(examine_steps(-1, found, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        CHECK(found[parts[i]].holds == !*found[parts[i]].why);
        CHECK(found[parts[i]].holds == !!*found[parts[i]].mechanism);
    }
    CHECK(access("/usr/bin", F_OK) == 0);
}

static void test_stopped_steps(void)
{
    struct err err = {0};
    AUTO_FD int ready = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_INT(examine_steps(ready, found, &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
}

static const struct check_test table[] = {
    {"all_hold", test_all_hold}, {"one_does_not", test_one_does_not},
    {"silence", test_silence},   {"memory", test_memory},
    {"cpu", test_cpu},           {"causes", test_causes},
    {"steps", test_steps},       {"stopped_steps", test_stopped_steps},
};
CHECK_MAIN(table)
