/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/check_env.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define FILE_SIZE_MAX (1 << 20)
#define JSON_MAX      (64u << 20)

static const struct check_rule rules[] = {
    {"environment-name", "environment variables have names and values that Lambda takes"},
    {"environment-reserved", "no environment variable that Lambda reserves is set"},
    {"environment-size", "all environment variables together have at most 4 KB"},
};

#define REFUSAL                                                                          \
    "Lambda was unable to configure your environment variables because the environment " \
    "variables you have provided "

/* Indexed by enum vars_fault; why may be followed by the name. */
static const struct {
    const char *rule, *what, *why, *fix;
    bool named;
} faults[] = {
    [VARS_RESERVED] = {"environment-reserved", "is a name that Lambda reserves",
                       REFUSAL "contains reserved keys that are currently not supported for "
                               "modification. Reserved keys used in this request: ",
                       "leave it out: Lambda sets it itself", true},
    [VARS_MISNAMED] = {"environment-name", "is not the name of a variable",
                       "Lambda refuses the configuration: keys have to satisfy "
                       "[a-zA-Z]([a-zA-Z0-9_])+",
                       "begin with a letter and go on with at least one letter, digit or '_'",
                       false},
    [VARS_NO_TEXT] = {"environment-name", "has a value that is not UTF-8",
                      "Lambda takes the configuration as JSON, which is UTF-8",
                      "write the value as base64, or put it into a file of the package", false},
};

const struct check_rule *check_env_rules(size_t *out_count)
{
    *out_count = ARRAY_LEN(rules);
    return rules;
}

/* The row that is to be filled; the last one again when all are. */
static struct check_finding *new_finding(struct check_env *e, const char *rule, const char *fix)
{
    size_t i = e->count < CHECK_ENV_MAX ? e->count++ : CHECK_ENV_MAX - 1;
    e->findings[i] = (struct check_finding){
        CHECK_ERROR, rule, e->texts[i].where, e->texts[i].what, e->texts[i].why, fix,
    };
    return &e->findings[i];
}

#define TEXT_OF(e, f) (&(e)->texts[(f) - (e)->findings])

static void tell_fault(struct check_env *e, enum vars_fault fault, const char *source,
                       const char *name)
{
    struct check_finding *f = new_finding(e, faults[fault].rule, faults[fault].fix);
    snprintf(TEXT_OF(e, f)->where, sizeof TEXT_OF(e, f)->where, "%.200s", source);
    snprintf(TEXT_OF(e, f)->what, sizeof TEXT_OF(e, f)->what, "'%.100s' %s", name,
             faults[fault].what);
    snprintf(TEXT_OF(e, f)->why, sizeof TEXT_OF(e, f)->why, "%s%.100s", faults[fault].why,
             faults[fault].named ? name : "");
}

static int judge(struct check_env *e, const char *source, const char *assignment, struct err *err)
{
    const char *equal = strchr(assignment, '=');
    if (!equal)
        return err_set(err, ERR_INPUT, "'%.80s' is not NAME=VALUE", assignment);
    AUTO_FREE char *name = strndup(assignment, (size_t)(equal - assignment));
    if (!name)
        return err_set(err, ERR_MEMORY, "no memory for a variable");
    enum vars_fault fault = vars_judge(name, equal + 1);
    if (fault == VARS_FINE)
        return vars_add(&e->vars, assignment, err);
    tell_fault(e, fault, source, name);
    return 0;
}

int check_env_add(struct check_env *e, const char *assignment, struct err *err)
{
    return judge(e, "--env", assignment, err);
}

struct env_file {
    struct check_env *env;
    const char *path;
};

static int add_line(void *target, unsigned line, const char *assignment, struct err *err)
{
    const struct env_file *file = target;
    char source[240];
    snprintf(source, sizeof source, "%.200s, line %u", file->path, line);
    return judge(file->env, source, assignment, err);
}

int check_env_add_file(struct check_env *e, const char *path, struct err *err)
{
    size_t len;
    struct env_file file = {e, path};
    AUTO_FREE char *text = file_read(path, FILE_SIZE_MAX, &len, err);
    if (!text)
        return -1;
    if (vars_each_line(text, len, add_line, &file, err) < 0)
        return err_wrap(err, "'%.200s'", path);
    return 0;
}

int check_env_weigh(struct check_env *e, struct err *err)
{
    AUTO_BUF struct buf json;
    buf_init(&json, JSON_MAX);
    vars_print_json(&e->vars, &json);
    if (buf_check(&json, "the environment variables", err) < 0)
        return -1;
    if (json.len <= VARS_JSON_MAX)
        return 0;
    struct check_finding *f = new_finding(e, "environment-size",
                                          "keep large values in a file of the package, in "
                                          "Parameter Store, or in Secrets Manager");
    snprintf(TEXT_OF(e, f)->where, sizeof TEXT_OF(e, f)->where, "environment");
    snprintf(TEXT_OF(e, f)->what, sizeof TEXT_OF(e, f)->what,
             "%zu variables are %zu bytes of JSON, %d are allowed", e->vars.count, json.len,
             VARS_JSON_MAX);
    snprintf(TEXT_OF(e, f)->why, sizeof TEXT_OF(e, f)->why, REFUSAL "exceeded the 4KB limit");
    return 0;
}

void check_env_fini(struct check_env *e)
{
    vars_fini(&e->vars);
}
