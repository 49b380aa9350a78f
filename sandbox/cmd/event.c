/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/md5.h"
#include "cmd/event_source.h"
#include "cmd/event_values.h"
#include "env/channel.h"
#include "launch/command.h"
#include "launch/options.h"
#include "launch/output.h"

/* An event in the making: one record may be far too large before the limit is looked at. */
#define DRAFT_MAX ((size_t)ENV_REQUEST_MAX * 12)

static const struct event_source *const sources[] = {&event_s3_put, &event_sqs, &event_kinesis};

void event_expand(struct event_text text, int64_t n, struct buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (at < end) {
        const char *mark = memmem(at, (size_t)(end - at), "{n}", 3);
        buf_add(out, at, (size_t)((mark ? mark : end) - at));
        if (mark)
            buf_addf(out, "%" PRId64, n);
        at = mark ? mark + 3 : end;
    }
    buf_add(out, "", 0);
}

void event_member(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, ",\"%s\":", name);
    buf_add_json_string(out, value, strlen(value));
}

void event_digits(const char *what, int64_t n, char out[33])
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s %" PRId64, what, n);
    md5_hex(text, (size_t)len, out);
}

static int build(const struct event_source *s, const struct event_values *v, struct buf *out,
                 struct err *err)
{
    AUTO_BUF struct buf tail;
    buf_init(&tail, DRAFT_MAX);
    buf_addc(&tail, ']');
    if (s->tail)
        s->tail(v, &tail);
    buf_addc(&tail, '}');
    int64_t records = v->number[s->records];
    buf_adds(out, "{\"Records\":[");
    for (int64_t n = 1; n <= records; n++) {
        if (n > 1)
            buf_addc(out, ',');
        s->record(v, n, out);
        if (out->failed || tail.failed || out->len + tail.len > ENV_REQUEST_MAX)
            return err_set(err, ERR_USAGE,
                           "the event is larger than Lambda takes (%d bytes): %s=%" PRId64
                           ", of which %" PRId64 " fit",
                           ENV_REQUEST_MAX, s->keys[s->records].name, records, n - 1);
    }
    buf_add(out, tail.ptr, tail.len);
    buf_addc(out, '\n');
    return buf_check(out, "the event", err);
}

static void print_keys(const struct event_source *s)
{
    for (size_t i = 0; i < s->nkeys; i++) {
        const struct event_key *k = &s->keys[i];
        char text[300];
        snprintf(text, sizeof text, "  %-15s %s%s%s%s", k->name, k->help, *k->fallback ? " (" : "",
                 k->fallback, *k->fallback ? ")" : "");
        options_help_text(stdout, text, strlen(text), 18);
    }
    if (s->attributes)
        printf("  %-15s %s\n", "attribute.NAME", "a message attribute of type String; up to 10");
}

static void print_source(const struct event_source *s)
{
    static const char outro[] =
        "In texts that may differ from record to record, {n} stands for its "
        "number, from 1. The same arguments print the same bytes.";
    char intro[200];
    snprintf(intro, sizeof intro, "Prints an event as Lambda sends it: %s.", s->summary);
    printf("Usage: clambda event %s [KEY=VALUE]...\n\n", s->name);
    options_help_text(stdout, intro, strlen(intro), 0);
    puts("\nKeys, with their defaults:");
    print_keys(s);
    putchar('\n');
    options_help_text(stdout, outro, sizeof outro - 1, 0);
}

static void print_all(void)
{
    puts("Usage: clambda event SOURCE [KEY=VALUE]...\n\n"
         "Prints a sample event on one line. Sources and their keys, with defaults:");
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        printf("\n%s: %s\n", sources[i]->name, sources[i]->summary);
        print_keys(sources[i]);
    }
    puts("\n'clambda event SOURCE --help' tells more.");
}

static const struct event_source *find_source(const char *name, struct err *err)
{
    char all[128] = "", near[64] = "";
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        if (strcmp(name, sources[i]->name) == 0)
            return sources[i];
        size_t at = strlen(all);
        snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "", sources[i]->name);
        if (!*near && event_resembles(name, sources[i]->name))
            snprintf(near, sizeof near, " Did you mean '%s'?", sources[i]->name);
    }
    err_set(err, ERR_USAGE, "'%.80s' is not a source of events.%s There are %s", name, near, all);
    return NULL;
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int fail(const struct err *err)
{
    output_error(err);
    return err->kind == ERR_MEMORY ? EXIT_HOST : EXIT_USAGE;
}

int event_run(int argc, char **argv)
{
    struct err err;
    if (argc < 2 || is_help(argv[1])) {
        print_all();
        return output_finish(EXIT_DONE);
    }
    const struct event_source *s = find_source(argv[1], &err);
    if (!s)
        return fail(&err);
    for (int i = 2; i < argc; i++) {
        if (is_help(argv[i])) {
            print_source(s);
            return output_finish(EXIT_DONE);
        }
    }
    struct event_values values = {0};
    AUTO_BUF struct buf out;
    buf_init(&out, DRAFT_MAX);
    int rc = event_values_read(s, argc - 2, argv + 2, &values, &err);
    if (rc == 0)
        rc = build(s, &values, &out, &err);
    event_values_fini(&values);
    if (rc < 0)
        return fail(&err);
    if (output_write(STDOUT_FILENO, out.ptr, out.len, -1, &err) < 0) {
        output_error(&err);
        return EXIT_HOST;
    }
    return EXIT_DONE;
}
