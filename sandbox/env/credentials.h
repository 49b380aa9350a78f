/* SPDX-License-Identifier: Apache-2.0 */
/* The credentials that a function gets. Never the developer's own unless asked for by name. */
#pragma once

#include "base/err.h"

struct settings;

/* "none": no variable at all; "env": AWS_ACCESS_KEY_ID and the like of this process; else the path
 * of a file, either NAME=VALUE lines of these variables or an AWS credentials file, of which the
 * section [default] counts. -1 with ERR_INPUT when a key is missing. */
int credentials_load(struct settings *s, const char *source, struct err *err) ATTR_CHECK;

/* As credentials_load with the content of a file; what names it in errors. */
int credentials_parse(struct settings *s, const char *text, size_t len, const char *what,
                      struct err *err) ATTR_CHECK;

/* Values that emulators accept and AWS refuses. */
int credentials_dummy(struct settings *s, struct err *err) ATTR_CHECK;

void credentials_clear(struct settings *s);
