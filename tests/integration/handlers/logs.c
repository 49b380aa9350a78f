/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to the log in every way that there is. */
#include <lambda.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int log_kinds(lambda_ctx *ctx)
{
    static const char broken[] = "a\0b\xff\xC3\xA4\"";
    lambda_str text = {broken, sizeof broken - 1}, absent = {NULL, 0};
    char writable[] = "two words";
    lambda_log_kv(ctx, LAMBDA_INFO, "kinds", LAMBDA_KV("text", "plain"),
                  LAMBDA_KV("words", writable), LAMBDA_KV("broken", text),
                  LAMBDA_KV("absent", absent), LAMBDA_KV("empty", ""), LAMBDA_KV("int", 42),
                  LAMBDA_KV("least", INT64_MIN), LAMBDA_KV("most", UINT64_MAX),
                  LAMBDA_KV("long", 1.5L), LAMBDA_KV("yes", (bool)true), LAMBDA_KV("tenth", 0.1),
                  LAMBDA_KV("third", 1.0 / 3), LAMBDA_KV("large", 1e300), LAMBDA_KV("float", 0.5f),
                  LAMBDA_KV("nan", (double)NAN), LAMBDA_KV("down", (double)-INFINITY));
    return 0;
}

static int log_keys(lambda_ctx *ctx)
{
    lambda_log_kv(ctx, LAMBDA_WARN, "keys", LAMBDA_KV("level", 1), LAMBDA_KV("_level", 2),
                  LAMBDA_KV("twice", 3), LAMBDA_KV("twice", 4), LAMBDA_KV("_twice", 5),
                  LAMBDA_KV("twice", 6), LAMBDA_KV("", 7), LAMBDA_KV("a b\n", 8));
    return 0;
}

static int log_many(lambda_ctx *ctx)
{
    static struct lambda_kv fields[300];
    static char keys[300][8];
    for (size_t i = 0; i < 300; i++) {
        snprintf(keys[i], sizeof keys[i], "k%zu", i);
        fields[i] = lambda_kv_i64(keys[i], (int64_t)i);
    }
    lambda_log_fields(ctx, LAMBDA_INFO, "many", fields, 300);
    return 0;
}

/* Lines around the place where they no longer fit: characters of three bytes, and a quote that
 * becomes two. */
static int log_long(lambda_ctx *ctx)
{
    static const size_t sizes[] = {600, 660, 670, 680, 690, 700, 5000, 262000 / 3, 300000 / 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = malloc(sizes[i] * 3 + 2), *p = text;
        *p++ = '"';
        for (size_t n = 0; n < sizes[i]; n++, p += 3)
            memcpy(p, "\xE2\x82\xAC", 3);
        *p = '\0';
        lambda_log(ctx, LAMBDA_INFO, "%s", text);
        lambda_log_kv(ctx, LAMBDA_INFO, "value", LAMBDA_KV("text", text), LAMBDA_KV("after", 1));
        free(text);
    }
    return 0;
}

static int log_levels(lambda_ctx *ctx)
{
    for (int i = LAMBDA_TRACE - 1; i <= LAMBDA_FATAL; i++)
        lambda_log(ctx, (enum lambda_level)i, "level %d", i);
    return 0;
}

/* A handler in a country where numbers have commas. */
static int log_abroad(lambda_ctx *ctx)
{
    setlocale(LC_ALL, "de_DE.UTF-8");
    lambda_log_kv(ctx, LAMBDA_INFO, "abroad", LAMBDA_KV("half", 0.5));
    return 0;
}

static int print_parts(lambda_ctx *ctx)
{
    printf("whole line\npart ");
    printf("of a line\nwithout end");
    fprintf(stderr, "to stderr\n");
    lambda_log(ctx, LAMBDA_INFO, "line\nbreak\ttab");
    return 0;
}

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    static const struct {
        const char *name;
        int (*run)(lambda_ctx *ctx);
    } rows[] = {{"kinds", log_kinds},  {"keys", log_keys},     {"many", log_many},
                {"long", log_long},    {"levels", log_levels}, {"abroad", log_abroad},
                {"parts", print_parts}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, event.ptr) == 0)
            return rows[i].run(ctx);
    return lambda_error(ctx, "Unknown", "no \xC3\xA4nd\x7f \"%s\"", event.ptr);
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));
