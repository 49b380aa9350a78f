/* SPDX-License-Identifier: Apache-2.0 */
/* The policy as the kernel enforces it inside: what the filter answers to every call and to every
 * argument that a line names; and that what it allows is really done. */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/utsname.h>

#include "policy_model.h"

#define LIST "/var/task/list"

/* The kernel does not ask filters about these on x86-64, from 6.14 on. */
#define URETPROBE 335
#define UPROBE    336

static struct rig rig;
static char list[96];

/* A rig whose probe is this one and whose /var/task/list is the file of that name. */
static bool rig_ready(const char *probe)
{
    if (!rig_init(&rig))
        return false;
    snprintf(list, sizeof list, "%s/list", rig.folder);
    rig.spec.binds[0].source = probe;
    rig.spec.binds[rig.spec.nbinds++] = (struct jail_bind){list, LIST};
    rig.spec.limits.cpu_permille = 2000;
    return true;
}

static void rig_done(void)
{
    unlink(list);
    rig_close(&rig);
}

/* The second copy of a call has a bit above its number's lower half, which must change nothing. */
static bool write_calls(const struct policy_calls *calls, unsigned copies)
{
    FILE *out = fopen(list, "we");
    for (size_t i = 0; out && i < copies * calls->count; i++) {
        const struct seccomp_data *d = &calls->data[i / copies];
        fprintf(out, "%lld", (long long)d->nr ^ (i % copies ? 1ll << 32 : 0));
        for (size_t k = 0; k < POLICY_ARGS_MAX; k++)
            fprintf(out, " %lld", (long long)d->args[k]);
        fputc('\n', out);
    }
    return out && fclose(out) == 0;
}

/* The line without its end; NULL behind the last one. */
static const char *next_answer(const char *at, char out[32])
{
    size_t len = at ? strcspn(at, "\n") : 0;
    if (!at || !at[len])
        return NULL;
    snprintf(out, 32, "%.*s", (int)len, at);
    return at + len + 1;
}

static bool unfiltered(const struct seccomp_data *d, const char *answer)
{
    bool probe = d->nr == URETPROBE || d->nr == UPROBE;
    return d->arch == SCMP_ARCH_X86_64 && probe &&
           (strcmp(answer, "SIGILL") == 0 || strcmp(answer, "ENXIO") == 0);
}

/* Runs the probe on the calls; two answers each. */
static void check_answers(const struct policy_calls *calls, const uint32_t *wanted)
{
    char answer[32];
    unsigned wrong = 0;
    size_t i = 0;
    if (!rig_run(&rig, "verdicts", LIST, NULL))
        return;
    for (const char *at = rig.output; i < 2 * calls->count && (at = next_answer(at, answer)); i++) {
        const struct seccomp_data *d = &calls->data[i / 2];
        const char *want = policy_action_name(wanted[i / 2]);
        bool same = strcmp(answer, strcmp(want, "kill") == 0 ? "SIGSYS" : want) == 0;
        if (!same && !unfiltered(d, answer) && wrong++ < 10)
            printf("# %x(%llx, %llx, %llx) gives %s, not %s\n", d->nr, d->args[0], d->args[1],
                   d->args[2], answer, want);
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(i, 2 * calls->count);
    CHECK(strstr(rig.output, "\ndone\n") != NULL);
    printf("# %zu calls asked\n", i);
}

static void test_verdicts(void)
{
    struct policy_model m;
    if (!rig_ready(rig_file(FILTER_PROBE_PATH)))
        return;
    if (policy_model_open(&m, rig_file(POLICY_PATH), seccomp_arch_native())) {
        struct policy_calls calls = policy_model_calls(&m);
        uint32_t *wanted = calloc(calls.count, sizeof *wanted);
        for (size_t i = 0; wanted && i < calls.count; i++)
            wanted[i] = policy_model_action(&m, &calls.data[i]);
        if (wanted && write_calls(&calls, 2) && rig_open(&rig))
            check_answers(&calls, wanted);
        free(wanted);
        free(calls.data);
    }
    policy_model_close(&m);
    rig_done();
}

/* What is written by hand, not read off the policy. */
static void test_rows(void)
{
    struct policy_calls calls = {.data = calloc(policy_rows_count, sizeof *calls.data)};
    uint32_t *wanted = calloc(policy_rows_count, sizeof *wanted);
    if (rig_ready(rig_file(FILTER_PROBE_PATH))) {
        for (size_t i = 0; calls.data && wanted && i < policy_rows_count; i++) {
            const struct policy_row *row = &policy_rows[i];
            int number = seccomp_syscall_resolve_name(row->name);
            if (number < 0)
                continue;
            wanted[calls.count] = row->action;
            calls.data[calls.count++] = (struct seccomp_data){
                .nr = number,
                .arch = seccomp_arch_native(),
                .args = {row->args[0], row->args[1], row->args[2], row->args[3]}};
        }
        CHECK(calls.count > 100);
        if (write_calls(&calls, 2) && rig_open(&rig))
            check_answers(&calls, wanted);
        rig_done();
    }
    free(wanted);
    free(calls.data);
}

/* int 0x80 and x32: no way around. */
static void test_foreign(void)
{
    if (!rig_ready(rig_file(FILTER_PROBE_PATH)))
        return;
    FILE *out = fopen(list, "we");
    CHECK(out && fclose(out) == 0);
    if (rig_open(&rig)) {
        if (rig_run(&rig, "foreign", NULL)) {
            unsigned deaths = 0;
            for (const char *at = rig.output; (at = strstr(at, " SYS\n")); at++)
                deaths++;
            CHECK_INT(deaths, seccomp_arch_native() == SCMP_ARCH_X86_64 ? 16 : 0);
            CHECK(strstr(rig.output, "came back") == NULL && strstr(rig.output, "x32") == NULL);
            CHECK(strstr(rig.output, "done\n") != NULL);
        }
        rig.spec.binds[0].source = rig_file(PROBE_PATH);
    }
    rig_done();
    if (rig_ready(rig_file(PROBE_PATH))) {
        out = fopen(list, "we");
        CHECK(out && fclose(out) == 0);
        if (rig_open(&rig) && rig_run(&rig, "compat", NULL)) {
            CHECK(rig.exit.signaled);
            CHECK_INT(rig.exit.code, 31);
        }
        rig_done();
    }
}

/* Whether this kernel does not have the call at all: tried without a jail, as nobody. */
static bool host_lacks(const struct seccomp_data *d)
{
    char path[96], command[640], answer[128] = "";
    snprintf(path, sizeof path, "%s/outside", rig.folder);
    FILE *out = fopen(path, "we");
    if (!out)
        return false;
    fprintf(out, "%ld %lld %lld %lld -1 -1 -1\n", (long)d->nr, (long long)d->args[0],
            (long long)d->args[1], (long long)d->args[2]);
    fclose(out);
    /* a copy: the build may lie in a home that nobody may enter */
    snprintf(command, sizeof command, "cp '%s' %s/probe && %s %s/probe calls %s; rm -f %s/probe",
             rig_file(PROBE_PATH), rig.folder,
             geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "", rig.folder,
             path, rig.folder);
    FILE *in = popen(command, "re");
    bool lacks = in && fgets(answer, sizeof answer, in) && strstr(answer, "ENOSYS");
    if (in)
        pclose(in);
    unlink(path);
    return lacks;
}

/* One allowed call of each name, with arguments that the kernel cannot make anything of. */
static struct policy_calls allowed_calls(const struct policy_model *m)
{
    struct policy_calls all = policy_model_calls(m);
    size_t kept = 0;
    for (size_t i = 0; i < all.count; i++) {
        bool again = kept > 0 && all.data[kept - 1].nr == all.data[i].nr;
        if (policy_model_action(m, &all.data[i]) == SECCOMP_RET_ALLOW && !again)
            all.data[kept++] = all.data[i];
    }
    all.count = kept;
    return all;
}

/* Really made: an allowed call reaches the kernel, which knows it. */
static void test_allowed(void)
{
    struct policy_model m;
    char answer[32];
    if (!rig_ready(rig_file(PROBE_PATH)))
        return;
    if (policy_model_open(&m, rig_file(POLICY_PATH), seccomp_arch_native())) {
        struct policy_calls calls = allowed_calls(&m);
        size_t i = 0;
        CHECK(calls.count > 200);
        if (write_calls(&calls, 1) && rig_open(&rig) && rig_run(&rig, "calls", LIST, NULL)) {
            const char *at = rig.output;
            for (char line[160]; i < calls.count && at; i++, at = strchr(at, '\n') + 1) {
                snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
                if (!strchr(at, '\n') || sscanf(line, "%*s %*s %*s %*s %31s", answer) != 1)
                    break;
                bool lost = strcmp(answer, "SIGSYS") == 0 ||
                            (strcmp(answer, "ENOSYS") == 0 && !host_lacks(&calls.data[i]));
                if (lost)
                    check_report(__FILE__, __LINE__, line);
            }
            CHECK_INT(i, calls.count);
        }
        free(calls.data);
    }
    policy_model_close(&m);
    rig_done();
}

static const struct check_test table[] = {
    {"verdicts", test_verdicts},
    {"rows", test_rows},
    {"foreign", test_foreign},
    {"allowed", test_allowed},
};
CHECK_MAIN(table)
