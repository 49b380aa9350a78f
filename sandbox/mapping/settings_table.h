/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of settings: parser, printer, defaults and help read it. For settings.c. */
#pragma once

#include "mapping/settings.h"

enum settings_kind {
    SETTINGS_COUNT,  /* int64_t */
    SETTINGS_TIME,   /* int64_t, milliseconds */
    SETTINGS_FLAG,   /* bool */
    SETTINGS_TEXT,   /* const char * */
    SETTINGS_FILTER, /* the list of filters */
    SETTINGS_EVENT,  /* the list of events */
};

/* A setting with several limits or defaults has several rows. */
struct settings_row {
    const char *name;
    const char *aws;  /* AWS's own name */
    unsigned sources; /* bits: 1u << MAPPING_SQS, ... */
    enum settings_kind kind;
    size_t offset;       /* in struct mapping_settings */
    int64_t min, max;    /* times in milliseconds */
    int64_t step;        /* of a time: what AWS takes is a multiple of it */
    int64_t preset;      /* AWS's default */
    const char *endless; /* what -1 (MAPPING_NO_LIMIT) means; NULL: it is not taken */
    const char *note;    /* behind the limits; NULL: nothing */
};

extern const struct settings_row settings_rows[];
extern const size_t settings_count;

/* NULL: this source has none of that name. */
const struct settings_row *settings_find(enum mapping_source source, const char *name, size_t len);

/* "1 to 10000", "0 s to 5 m", "a file". */
void settings_print_limits(const struct settings_row *row, struct buf *out);

/* "5" for seconds, "1500ms": what the parser takes. */
void settings_print_time(int64_t ms, struct buf *out);

/* "sqs, kinesis": of the bits. */
void settings_print_sources(unsigned sources, struct buf *out);

/* The name of an S3 event, as a notification has it: "s3:ObjectCreated:*". */
bool settings_event_known(const char *name, size_t len);
void settings_print_events(struct buf *out);
