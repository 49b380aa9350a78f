/* SPDX-License-Identifier: Apache-2.0 */
/* Environment variables: those a user may set (vars_add, vars_check) and the complete block a
 * runtime is started with (vars_block), which is exactly what Lambda gives it. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

struct settings;

#define VARS_MAX      256  /* variables a user can set */
#define VARS_JSON_MAX 4096 /* all of them as JSON text, as Lambda counts */

struct var {
    char *name, *value; /* one heap block, at name */
};

struct vars {
    struct var items[VARS_MAX];
    size_t count;
};

/* Takes "NAME=VALUE"; a later one replaces an earlier. -1 with ERR_INPUT: the name's form, a
 * reserved name. */
int vars_add(struct vars *v, const char *assignment, struct err *err) ATTR_CHECK;

/* What Lambda thinks of a variable. */
enum vars_fault {
    VARS_FINE,
    VARS_RESERVED, /* the platform's own */
    VARS_MISNAMED,
    VARS_NO_TEXT, /* the value is not UTF-8 */
};
enum vars_fault vars_judge(const char *name, const char *value);

/* Takes the lines of an environment file: NAME=VALUE as they are, without quotes or expansion;
 * empty lines and lines that start with '#' are skipped. Errors say the line. */
int vars_add_lines(struct vars *v, const char *text, size_t len, struct err *err) ATTR_CHECK;

/* Calls use with each assignment of such a file; its first failure ends it. */
typedef int (*vars_line_fn)(void *target, unsigned line, const char *assignment, struct err *err);
int vars_each_line(const char *text, size_t len, vars_line_fn use, void *target,
                   struct err *err) ATTR_CHECK;

/* Appends all of them as the JSON text that Lambda counts. */
void vars_print_json(const struct vars *v, struct buf *out);

/* -1 with ERR_LIMIT, in Lambda's words, when all together are more than VARS_JSON_MAX. */
int vars_check(const struct vars *v, struct err *err) ATTR_CHECK;

void vars_fini(struct vars *v);

/* What a runtime sees: "NAME=VALUE" strings and a NULL, one heap block. */
struct vars_block {
    char **envp;
    size_t count;
};

/* api: value of AWS_LAMBDA_RUNTIME_API. User variables replace those of the platform that are not
 * reserved (PATH, TZ, ...). Free with vars_block_fini. */
int vars_block_init(struct vars_block *b, const struct settings *s, const char *api,
                    const char *log_stream, struct err *err) ATTR_CHECK;
void vars_block_fini(struct vars_block *b);
