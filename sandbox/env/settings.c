/* SPDX-License-Identifier: Apache-2.0 */
#include "env/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "env/credentials.h"
#include "jail/limit.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

int settings_init(struct settings *s, struct err *err)
{
    memset(s, 0, sizeof *s);
    s->memory_mb = SETTINGS_MEMORY_MIN;
    s->tmp_mb = SETTINGS_TMP_MIN;
    s->timeout_ms = 3000;
    s->profile = profile_default();
    s->version = "$LATEST";
    snprintf(s->region, sizeof s->region, "us-east-1");
    snprintf(s->account, sizeof s->account, "123456789012");
    return credentials_dummy(s, err);
}

void settings_fini(struct settings *s)
{
    credentials_clear(s);
    vars_fini(&s->vars);
    free(s->rootfs);
    s->rootfs = NULL;
}

int settings_set_name(struct settings *s, const char *text, struct err *err)
{
    size_t len = strlen(text);
    bool fine = len >= 1 && len <= SETTINGS_NAME_MAX;
    for (size_t i = 0; fine && i < len; i++)
        fine = is_name_char(text[i]);
    if (!fine)
        return err_set(err, ERR_INPUT,
                       "'%.80s' is not a function name: 1 to %d letters, digits, '-' and '_'", text,
                       SETTINGS_NAME_MAX);
    memcpy(s->name, text, len + 1);
    return 0;
}

int settings_set_handler(struct settings *s, const char *text, struct err *err)
{
    size_t len = strlen(text);
    bool fine = len >= 1 && len <= SETTINGS_HANDLER_MAX && utf8_valid_prefix(text, len) == len;
    for (size_t i = 0; fine && i < len; i++)
        fine = (unsigned char)text[i] > ' ' && text[i] != 0x7f;
    if (!fine)
        return err_set(err, ERR_INPUT,
                       "'%.150s' is not a handler: 1 to %d bytes of UTF-8 without white space",
                       text, SETTINGS_HANDLER_MAX);
    memcpy(s->handler, text, len + 1);
    return 0;
}

static int parse_whole(const char *text, unsigned min, unsigned max, const char *unit,
                       unsigned *out, struct err *err)
{
    unsigned value = 0;
    size_t n = 0;
    for (; is_digit(text[n]) && n < 6; n++)
        value = value * 10 + (unsigned)(text[n] - '0');
    if (n == 0 || text[n] || value < min || value > max)
        return err_set(err, ERR_INPUT, "'%.80s' is not a whole number of %s from %u to %u", text,
                       unit, min, max);
    *out = value;
    return 0;
}

int settings_set_memory(struct settings *s, const char *text, struct err *err)
{
    return parse_whole(text, SETTINGS_MEMORY_MIN, SETTINGS_MEMORY_MAX, "MB", &s->memory_mb, err);
}

int settings_set_tmp(struct settings *s, const char *text, struct err *err)
{
    return parse_whole(text, SETTINGS_TMP_MIN, SETTINGS_TMP_MAX, "MB", &s->tmp_mb, err);
}

int settings_set_timeout(struct settings *s, const char *text, struct err *err)
{
    int64_t ms = 0;
    const char *p = text;
    size_t whole = 0, fraction = 0;
    for (; is_digit(*p) && whole < 4; p++, whole++)
        ms = ms * 10 + (*p - '0');
    if (*p == '.' && is_digit(p[1]))
        for (p++; is_digit(*p) && fraction < 3; p++, fraction++)
            ms = ms * 10 + (*p - '0');
    for (; fraction < 3; fraction++)
        ms *= 10;
    if (!whole || *p || ms < SETTINGS_TIMEOUT_MIN_MS || ms > SETTINGS_TIMEOUT_MAX_MS)
        return err_set(
            err, ERR_INPUT,
            "'%.80s' is not a number of seconds from 0.05 to 900 with at most three decimals",
            text);
    s->timeout_ms = ms;
    return 0;
}

int settings_set_profile(struct settings *s, const char *text, struct err *err)
{
    const struct profile *p = profile_find(text);
    if (!p)
        return err_set(err, ERR_INPUT, "'%.80s' is not a profile: al2023 or al2", text);
    s->profile = p;
    return 0;
}

/* The index of text in words, or -1. */
static int word_index(const char *text, const char *const words[2])
{
    for (int i = 0; i < 2; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

int settings_set_network(struct settings *s, const char *text, struct err *err)
{
    static const char *const words[2] = {"host", "none"};
    int i = word_index(text, words);
    if (i < 0)
        return err_set(err, ERR_INPUT, "'%.80s' is not a network: host or none", text);
    s->own_network = i == 1;
    return 0;
}

int settings_set_relax(struct settings *s, const char *text, struct err *err)
{
    return limit_parse(text, &s->relax, err);
}

/* A root without programs would only show as a runtime that cannot start. */
int settings_set_rootfs(struct settings *s, const char *text, struct err *err)
{
    struct stat st;
    AUTO_FREE char *path = realpath(text, NULL);
    if (!path)
        return err_sys(err, "'%.200s'", text), err->kind = ERR_INPUT, -1;
    AUTO_FREE char *usr = NULL;
    if (asprintf(&usr, "%s/usr", path) < 0)
        return err_set(err, ERR_MEMORY, "no memory for a path");
    if (strcmp(path, "/") == 0)
        return err_set(err, ERR_INPUT, "'%.200s' is the host's own root: leave --rootfs out", text);
    if (stat(usr, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT,
                       "'%.200s' is no root file system: it needs a folder 'usr', as an unpacked "
                       "image has",
                       text);
    free(s->rootfs);
    s->rootfs = TAKE(path);
    return 0;
}

int settings_set_log(struct settings *s, const char *text, struct err *err)
{
    static const char *const words[2] = {"text", "json"};
    int i = word_index(text, words);
    if (i < 0)
        return err_set(err, ERR_INPUT, "'%.80s' is not a log format: text or json", text);
    s->log = i == 1 ? SETTINGS_LOG_JSON : SETTINGS_LOG_TEXT;
    return 0;
}

int settings_set_log_level(struct settings *s, const char *text, struct err *err)
{
    static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcasecmp(text, names[i]) != 0)
            continue;
        s->log_level = names[i];
        return 0;
    }
    return err_set(err, ERR_INPUT,
                   "'%.80s' is not a log level: trace, debug, info, warn, error or fatal", text);
}

int settings_set_region(struct settings *s, const char *text, struct err *err)
{
    size_t len = strlen(text);
    bool fine = len >= 1 && len <= SETTINGS_REGION_MAX && text[0] >= 'a' && text[0] <= 'z';
    for (size_t i = 0; fine && i < len; i++)
        fine = (text[i] >= 'a' && text[i] <= 'z') || is_digit(text[i]) || text[i] == '-';
    if (!fine)
        return err_set(err, ERR_INPUT, "'%.80s' is not a region such as us-east-1", text);
    memcpy(s->region, text, len + 1);
    return 0;
}

void settings_name_from(struct settings *s, const char *text)
{
    size_t n = 0;
    for (; text[n] && n < SETTINGS_NAME_MAX; n++)
        s->name[n] = '-';
    for (size_t i = 0; i < n; i++)
        if (is_name_char(text[i]))
            s->name[i] = text[i];
    s->name[n] = '\0';
    if (n == 0)
        snprintf(s->name, sizeof s->name, "function");
}

void settings_arn(const struct settings *s, char out[static SETTINGS_ARN_SIZE])
{
    const char *partition = "aws";
    if (strncmp(s->region, "cn-", 3) == 0)
        partition = "aws-cn";
    else if (strncmp(s->region, "us-gov-", 7) == 0)
        partition = "aws-us-gov";
    snprintf(out, SETTINGS_ARN_SIZE, "arn:%s:lambda:%s:%s:function:%s", partition, s->region,
             s->account, s->name);
}
