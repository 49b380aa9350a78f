/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS calls a function's configuration, with its limits. settings_init gives Lambda's
 * defaults; each settings_set_* takes the text of an option and fails with ERR_INPUT that tells
 * what is allowed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "env/profile.h"
#include "env/vars.h"

#define SETTINGS_NAME_MAX    64
#define SETTINGS_HANDLER_MAX 128
#define SETTINGS_REGION_MAX  32
#define SETTINGS_ARN_SIZE    192
#define SETTINGS_TOKEN_MAX   8192 /* of a session token */

#define SETTINGS_MEMORY_MIN     128
#define SETTINGS_MEMORY_MAX     10240
#define SETTINGS_TMP_MIN        512
#define SETTINGS_TMP_MAX        10240
#define SETTINGS_TIMEOUT_MIN_MS 50
#define SETTINGS_TIMEOUT_MAX_MS 900000

enum settings_log {
    SETTINGS_LOG_TEXT,
    SETTINGS_LOG_JSON,
};

/* Heap strings; NULL: the variable is not set. */
struct settings_credentials {
    char *access_key, *secret_key, *session_token;
};

struct settings {
    char name[SETTINGS_NAME_MAX + 1];
    char handler[SETTINGS_HANDLER_MAX + 1];
    char region[SETTINGS_REGION_MAX + 1];
    char account[13];
    const char *version; /* "$LATEST" */
    unsigned memory_mb, tmp_mb;
    int64_t timeout_ms;
    const struct profile *profile;
    enum settings_log log;
    const char *log_level; /* static; NULL: INFO */
    bool own_network;      /* none but loopback; else the host's */
    unsigned relax;        /* limits that may be missing, see jail/limit.h */
    char *rootfs;          /* absolute path of another root, NULL: the host's; heap */
    struct settings_credentials credentials;
    struct vars vars;
};

/* 128 MB, 3 s, 512 MB of /tmp, al2023, us-east-1, test credentials; name and handler are empty. */
int settings_init(struct settings *s, struct err *err) ATTR_CHECK;
void settings_fini(struct settings *s);

int settings_set_name(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_handler(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_memory(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_tmp(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_timeout(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_profile(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_network(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_region(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_relax(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_rootfs(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_log(struct settings *s, const char *text, struct err *err) ATTR_CHECK;
int settings_set_log_level(struct settings *s, const char *text, struct err *err) ATTR_CHECK;

/* A function name made of any text: what Lambda does not allow becomes '-'. */
void settings_name_from(struct settings *s, const char *text);

/* "arn:aws:lambda:REGION:ACCOUNT:function:NAME" */
void settings_arn(const struct settings *s, char out[static SETTINGS_ARN_SIZE]);
