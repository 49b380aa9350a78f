/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "env/credentials.h"

#define ENV_FILE_MAX (1 << 20)

#define SETTER(name)                                                        \
    static int set_##name(void *target, const char *value, struct err *err) \
    {                                                                       \
        struct launch *l = target;                                          \
        return settings_set_##name(&l->settings, value, err);               \
    }

SETTER(memory)
SETTER(timeout)
SETTER(tmp)
SETTER(handler)
SETTER(name)
SETTER(profile)
SETTER(network)
SETTER(region)
SETTER(relax)
SETTER(rootfs)
SETTER(log)
SETTER(log_level)

static int set_env(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    return vars_add(&l->settings.vars, value, err);
}

static int keep_read(struct launch *l, const char *path, struct err *err)
{
    const char **all = realloc(l->reads, (l->nreads + 1) * sizeof *all);
    if (!all)
        return err_set(err, ERR_MEMORY, "no memory for the name of a file");
    l->reads = all;
    l->reads[l->nreads++] = path;
    return 0;
}

static int set_env_file(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    size_t len;
    AUTO_FREE char *text = file_read(value, ENV_FILE_MAX, &len, err);
    if (!text)
        return -1;
    if (vars_add_lines(&l->settings.vars, text, len, err) < 0)
        return err_wrap(err, "'%.200s'", value);
    return keep_read(l, value, err);
}

static int set_layer(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    return function_add_layer(&l->function, value, err);
}

static int set_no_cache(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    (void)value;
    (void)err;
    l->function.no_cache = true;
    return 0;
}

static int set_credentials(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    if (credentials_load(&l->settings, value, err) < 0)
        return -1;
    bool file = strcmp(value, "none") != 0 && strcmp(value, "env") != 0;
    return file ? keep_read(l, value, err) : 0;
}

static int set_record(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    return record_set_path(&l->record, value, err);
}

static int set_redact(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    return record_add_redact(&l->record, value, err);
}

static int set_redact_key(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    return record_set_key(&l->record, value, err);
}

static const struct option_row rows[] = {
    {"memory", 0, "MB", "128",
     "memory in MB, 128 to 10240; CPU time comes with it,\n1769 MB are one CPU", set_memory},
    {"timeout", 0, "S", "3", "seconds an event may take, 0.05 to 900", set_timeout},
    {"tmp", 0, "MB", "512", "size of /tmp in MB, 512 to 10240", set_tmp},
    {"env", 0, "NAME=VALUE", NULL, "an environment variable; may be repeated", set_env},
    {"env-file", 0, "FILE", NULL, "NAME=VALUE lines, taken as they are", set_env_file},
    {"layer", 0, "DIR|ZIP", NULL, "a folder or zip to lay into /opt; up to 5, later ones win",
     set_layer},
    {"no-cache", 0, NULL, NULL, "unpack zips for this run only", set_no_cache},
    {"handler", 0, "HANDLER", "the handler file's name, else bootstrap", "what _HANDLER says",
     set_handler},
    {"name", 0, "NAME", "the file's name", "name of the function", set_name},
    {"profile", 0, "PROFILE", "al2023", "the runtime it will be deployed on: al2023 or al2",
     set_profile},
    {"network", 0, "NETWORK", "host", "host: this machine's network; none: loopback alone",
     set_network},
    {"rootfs", 0, "DIR", "this machine's /usr", "programs and libraries it sees: an unpacked image",
     set_rootfs},
    {"relax", 0, "LIST", NULL,
     "limits that may be missing where this host cannot\nenforce them: memory, cpu, pids, tmp, "
     "seccomp, freeze",
     set_relax},
    {"region", 0, "REGION", "us-east-1", "AWS region the function sees", set_region},
    {"credentials", 0, "SOURCE", "test values",
     "AWS credentials it sees: none, env (those of this\nshell) or a file", set_credentials},
    {"log-format", 0, "FORMAT", "text", "of the log lines: text or json", set_log},
    {"log-level", 0, "LEVEL", "info",
     "of the function's lines in JSON: trace, debug, info,\nwarn, error or fatal", set_log_level},
    {"record", 0, "FILE", NULL,
     "append every invocation to FILE, one line of JSON\neach; packed when its name ends in .gz",
     set_record},
    {"redact", 0, "POINTER", NULL,
     "record pseudonyms for the values that the JSON pointer\nnames, '*' in it stands for all; may "
     "be repeated",
     set_redact},
    {"redact-key", 0, "WORDS", "random",
     "record the same pseudonyms in every run with these\nwords", set_redact_key},
};

const struct option_table launch_options = {rows, ARRAY_LEN(rows)};

int launch_init(struct launch *l, struct err *err)
{
    memset(l, 0, sizeof *l);
    return settings_init(&l->settings, err);
}

int launch_argument(void *target, const char *value, struct err *err)
{
    struct launch *l = target;
    if (l->path)
        return err_set(err, ERR_USAGE,
                       "one FUNCTION is enough: '%.100s' and '%.100s' were given; an event is "
                       "given with -e FILE",
                       l->path, value);
    l->path = value;
    return 0;
}

int launch_resolve(struct launch *l, struct err *err)
{
    if (!l->path)
        return err_set(err, ERR_USAGE,
                       "FUNCTION is missing: a folder with a bootstrap, a .zip, or a .so");
    if (l->settings.log_level && l->settings.log != SETTINGS_LOG_JSON)
        return err_set(err, ERR_USAGE,
                       "--log-level %s needs --log-format json: Lambda, too, tells a function of a "
                       "level with JSON only",
                       l->settings.log_level);
    if (vars_check(&l->settings.vars, err) < 0 || record_check(&l->record, err) < 0)
        return -1;
    return function_resolve(&l->function, l->path, &l->settings, err);
}

void launch_fini(struct launch *l)
{
    settings_fini(&l->settings);
    record_options_fini(&l->record);
    function_fini(&l->function);
    free(l->reads);
}
