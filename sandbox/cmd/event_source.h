/* SPDX-License-Identifier: Apache-2.0 */
/* What the sources of "clambda event" share. A source is one file event_NAME.c with a table of its
 * keys and a function that writes one record; a new source is one file and one row in event.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define EVENT_KEYS_MAX       16
#define EVENT_ATTRIBUTES_MAX 10 /* of one message, as SQS has it */
#define EVENT_FILES_MAX      4
#define EVENT_RECORDS_MAX    100000
#define EVENT_ACCOUNT        "123456789012"

struct event_text {
    const char *ptr;
    size_t len;
};

enum event_kind {
    EVENT_TEXT,
    EVENT_COUNT, /* a whole number from min */
    EVENT_BOOL,  /* true or false */
    EVENT_TIME,
    EVENT_FILE, /* text, or @FILE */
    EVENT_JSON,
};

struct event_key {
    const char *name;
    const char *fallback;
    enum event_kind kind;
    int64_t min, max; /* of EVENT_COUNT */
    const char *help;
};

struct event_attribute {
    const char *name, *value;
};

/* Everything that the command line said, in the order of the source's table. */
struct event_values {
    struct event_text text[EVENT_KEYS_MAX];
    int64_t number[EVENT_KEYS_MAX]; /* counts, booleans; times as Unix milliseconds */
    struct event_attribute attributes[EVENT_ATTRIBUTES_MAX];
    size_t nattributes;
    void *owned[EVENT_ATTRIBUTES_MAX + EVENT_FILES_MAX]; /* memory behind the texts */
    size_t nowned;
};

struct event_source {
    const char *name, *summary;
    const struct event_key *keys;
    size_t nkeys;
    bool attributes; /* attribute.NAME=VALUE is a key too */
    size_t records;  /* index of the key that counts records */
    /* Values that do not go together; may be NULL. */
    int (*check)(const struct event_values *v, struct err *err);
    /* One element of "Records"; n counts from 1. */
    void (*record)(const struct event_values *v, int64_t n, struct buf *out);
    /* Members after "Records", each with a comma before; may be NULL. */
    void (*tail)(const struct event_values *v, struct buf *out);
};

extern const struct event_source event_s3_put, event_sqs, event_kinesis;

/* The text with each "{n}" replaced by n, to be freed by buf_free. */
void event_expand(struct event_text text, int64_t n, struct buf *out);

/* ,"name":"value" with text expanded; without the comma when name starts the object. */
void event_member(struct buf *out, const char *name, const char *value);

/* 32 hexadecimal digits that are always the same for what and n. */
void event_digits(const char *what, int64_t n, char out[33]);
