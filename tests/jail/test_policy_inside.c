/* SPDX-License-Identifier: Apache-2.0 */
/* Every line of the policy, tried inside: the filter's answer is compared with the line. */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>

#include "jail/policy.h"

#define POLICY_TEXT_MAX 65536
#define CALLS_MAX       1024

static struct rig rig;

struct call {
    struct policy_rule rule; /* expanded: compares once */
    long number;
    long args[6];
};

static struct call calls[CALLS_MAX];
static size_t ncalls;

/* Arguments that meet the rule's test; the others are wrong on purpose, so that an allowed call
 * does no harm: it fails in the kernel, behind the filter. */
static void add_call(const struct policy_rule *rule, long number)
{
    if (ncalls == CALLS_MAX)
        return;
    struct call *c = &calls[ncalls++];
    c->rule = *rule;
    c->number = number;
    for (int i = 0; i < 6; i++)
        c->args[i] = -1;
    if (rule->test == POLICY_NONE)
        c->args[rule->arg] = 0;
    else if (rule->test != POLICY_ALWAYS)
        c->args[rule->arg] = (long)(rule->a + (rule->test == POLICY_ABOVE));
}

static bool load_calls(void)
{
    static char text[POLICY_TEXT_MAX];
    struct policy policy;
    struct err err = {0};
    AUTO_FD int fd = open(POLICY_PATH, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (len < 0 || policy_parse(POLICY_PATH, text, (size_t)len, &policy, &err) < 0) {
        check_report(__FILE__, __LINE__, err.msg);
        return false;
    }
    for (size_t i = 0; i < policy.count; i++) {
        struct policy_rule parts[POLICY_RANGE_MAX];
        int number = seccomp_syscall_resolve_name(policy.rules[i].name);
        if (number == __NR_SCMP_ERROR)
            number = policy.rules[i].number;
        size_t n = number < 0 ? 0 : policy_expand(&policy.rules[i], parts);
        for (size_t k = 0; k < n; k++)
            add_call(&parts[k], number);
    }
    CHECK(ncalls > 300);
    policy_free(&policy);
    return true;
}

static bool write_calls(const char *path)
{
    FILE *out = fopen(path, "we");
    for (size_t i = 0; out && i < ncalls; i++) {
        const long *a = calls[i].args;
        fprintf(out, "%ld %ld %ld %ld %ld %ld %ld\n", calls[i].number, a[0], a[1], a[2], a[3], a[4],
                a[5]);
    }
    return out && fclose(out) == 0;
}

/* Whether this kernel does not have the call at all: tried without a jail, as nobody. */
static bool host_lacks(const struct call *c)
{
    char list[96], command[320], answer[128] = "";
    snprintf(list, sizeof list, "%s/outside", rig.folder);
    FILE *out = fopen(list, "we");
    if (!out)
        return false;
    fprintf(out, "%ld %ld %ld %ld -1 -1 -1\n", c->number, c->args[0], c->args[1], c->args[2]);
    fclose(out);
    snprintf(command, sizeof command,
             "setpriv --reuid=65534 --regid=65534 --clear-groups %s calls %s", PROBE_PATH, list);
    FILE *in = popen(command, "re");
    bool lacks = in && fgets(answer, sizeof answer, in) && strstr(answer, "ENOSYS");
    if (in)
        pclose(in);
    unlink(list);
    return lacks;
}

/* What an allowed call answers is the kernel's affair, except that it must know the call, or no
 * process of this host does. */
static void check_call(const struct call *c, const char *answer)
{
    bool ok = false;
    if (c->rule.verdict == POLICY_ERRNO)
        ok = strcmp(answer, strerrorname_np(c->rule.error)) == 0;
    else if (c->rule.verdict == POLICY_KILL)
        ok = strcmp(answer, "SIGSYS") == 0;
    else
        ok = strcmp(answer, "SIGSYS") != 0 && (strcmp(answer, "ENOSYS") != 0 || host_lacks(c));
    if (ok)
        return;
    printf("# line %u: %s(%ld, %ld, %ld) answers %s\n", c->rule.line, c->rule.name, c->args[0],
           c->args[1], c->args[2], answer);
    check_report(__FILE__, __LINE__, "verdict");
}

static const char *answer_next(const char *line, char out[32])
{
    if (!line || sscanf(line, "%*s %*s %*s %*s %31s", out) != 1)
        return NULL;
    const char *end = strchr(line, '\n');
    return end ? end + 1 : NULL;
}

static void test_verdicts(void)
{
    char list[96], answer[32];
    if (!rig_init(&rig))
        return;
    snprintf(list, sizeof list, "%s/list", rig.folder);
    if (load_calls() && write_calls(list)) {
        rig.spec.binds[rig.spec.nbinds++] = (struct jail_bind){list, "/var/task/list"};
        if (rig_open(&rig) && rig_run(&rig, "calls", "/var/task/list", NULL)) {
            const char *line = rig.output;
            size_t i = 0;
            while (i < ncalls && (line = answer_next(line, answer)))
                check_call(&calls[i++], answer);
            CHECK_INT(i, ncalls);
        }
    }
    unlink(list);
    rig_close(&rig);
}

/* A call that no line names, and one of another architecture. */
static void test_unknown_calls(void)
{
    char list[96];
    if (!rig_init(&rig))
        return;
    snprintf(list, sizeof list, "%s/list", rig.folder);
    FILE *out = fopen(list, "we");
    CHECK(out != NULL);
    if (out) {
        fprintf(out, "999 0 0 0 0 0 0\n5000 0 0 0 0 0 0\n");
        fclose(out);
    }
    rig.spec.binds[rig.spec.nbinds++] = (struct jail_bind){list, "/var/task/list"};
    if (rig_open(&rig)) {
        if (rig_run(&rig, "calls", "/var/task/list", NULL))
            CHECK_STR(rig.output, "999 0 0 0 ENOSYS\n5000 0 0 0 ENOSYS\ndone\n");
        if (rig_run(&rig, "compat", NULL)) {
            CHECK(rig.exit.signaled);
            CHECK_INT(rig.exit.code, 31);
        }
    }
    unlink(list);
    rig_close(&rig);
}

static const struct check_test table[] = {
    {"verdicts", test_verdicts},
    {"unknown_calls", test_unknown_calls},
};
CHECK_MAIN(table)
