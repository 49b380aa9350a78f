/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda would refuse of a function's environment variables, as findings of a check. */
#pragma once

#include <stddef.h>

#include "deploy/check.h"
#include "env/vars.h"

#define CHECK_ENV_MAX 64 /* findings; who has more has read enough */

/* Its findings point into it: it stays where it is. Starts zeroed. */
struct check_env {
    struct vars vars;
    struct check_finding findings[CHECK_ENV_MAX];
    struct {
        char where[320], what[160], why[400];
    } texts[CHECK_ENV_MAX];
    size_t count;
};

/* Its rules, as check_rules has those of packages. */
const struct check_rule *check_env_rules(size_t *out_count);

/* Takes "NAME=VALUE". What Lambda refuses of it is a finding. -1 with ERR_INPUT: it is no
 * assignment. */
int check_env_add(struct check_env *e, const char *assignment, struct err *err) ATTR_CHECK;

/* Takes the lines of a file. -1 as above, ERR_SYSTEM: it cannot be read. */
int check_env_add_file(struct check_env *e, const char *path, struct err *err) ATTR_CHECK;

/* After the last one: what all together weigh. */
int check_env_weigh(struct check_env *e, struct err *err) ATTR_CHECK;

void check_env_fini(struct check_env *e);
