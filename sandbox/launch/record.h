/* SPDX-License-Identifier: Apache-2.0 */
/* --record: what a function was given and what came of it, one line for each invocation. A
 * recording that cannot be written stops nothing: it is told once, and the exit code tells it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "env/environment.h"
#include "trace/entry.h"
#include "trace/redact.h"

struct launch;

/* What the options say. */
struct record_options {
    const char *path;      /* NULL: nothing is recorded */
    struct redact *redact; /* heap; NULL: nothing is replaced */
    const char *key;       /* NULL: a random one */
};

int record_set_path(struct record_options *o, const char *value, struct err *err) ATTR_CHECK;
int record_add_redact(struct record_options *o, const char *value, struct err *err) ATTR_CHECK;
int record_set_key(struct record_options *o, const char *value, struct err *err) ATTR_CHECK;
/* After all options: checks what only shows together. */
int record_check(struct record_options *o, struct err *err) ATTR_CHECK;
void record_options_fini(struct record_options *o);

/* The file of a command. */
struct record;

/* Of a resolved launch, which outlives it, before anything runs. 0 with *out NULL when nothing is
 * to be recorded. -1: the file cannot be had, or the function not read. */
int record_open(const struct launch *l, struct record **out, struct err *err) ATTR_CHECK;

/* Writes one line. Accepts NULL. */
void record_write(struct record *r, const struct trace_entry *entry);

/* Gives code, or EXIT_HOST when something could not be written. Accepts NULL. */
int record_close(struct record *r, int code);

/* The invocations of one environment, from its hooks. All accept NULL. */
struct record_lane;

/* 0 with *out NULL when record is NULL. */
int record_lane_open(struct record *r, struct record_lane **out, struct err *err) ATTR_CHECK;
void record_lane_close(struct record_lane *l);

/* event outlives the invocation. */
void record_lane_begin(struct record_lane *l, const struct environment_event *event);
void record_lane_answer(struct record_lane *l, const struct environment_answer *answer);
void record_lane_log(struct record_lane *l, enum environment_log kind, const char *text,
                     size_t len);
/* e: the environment, which knows whether a runtime was started meanwhile. */
void record_lane_done(struct record_lane *l, const struct report *report,
                      const struct environment *e);
