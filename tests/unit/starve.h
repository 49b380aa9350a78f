/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once: an operation runs again and again, each time with one more
 * allocation that succeeds before one fails, alone or with all later ones, until none is left to
 * fail. What it gives is the whole result or an error that says so; sanitizers see what is lost.
 * The program is linked so that the functions below are called instead of the C library's. */
#pragma once

#include <errno.h>
#include <stdarg.h>

#include "base/err.h"
#include "check.h"

#define STARVE_MOST 5000 /* allocations of one operation */

struct starve_row {
    const char *name;
    int (*fn)(struct err *err); /* frees what it has made; -1 with err */
    unsigned kinds;             /* 1u << err_kind that are right beside ERR_MEMORY */
};

/* Volatile: compilers know that malloc changes nothing that they can see. */
static volatile long starve_left = -1; /* allocations that succeed; -1: all */
static volatile bool starve_lasts, starve_hit;

static inline bool starve_now(void)
{
    if (starve_left < 0 || starve_left-- > 0)
        return false;
    starve_left = starve_lasts ? 0 : -1;
    starve_hit = true;
    errno = ENOMEM;
    return true;
}

#define STARVE(type, name, parameters, ...)                   \
    type __real_##name parameters;                            \
    type __wrap_##name parameters;                            \
    type __wrap_##name parameters                             \
    {                                                         \
        return starve_now() ? 0 : __real_##name(__VA_ARGS__); \
    }

STARVE(void *, malloc, (size_t size), size)
STARVE(void *, calloc, (size_t count, size_t size), count, size)
STARVE(void *, realloc, (void *p, size_t size), p, size)
STARVE(char *, strdup, (const char *text), text)
STARVE(char *, strndup, (const char *text, size_t len), text, len)
STARVE(char *, realpath, (const char *path, char *out), path, out)
STARVE(void *, opendir, (const char *path), path)
STARVE(void *, fdopendir, (int fd), fd)

static inline void starve_check(const struct starve_row *row, long n, int result,
                                const struct err *err)
{
    char what[ERR_MSG_MAX + 200];
    bool fine =
        starve_hit ? (row->kinds | 1u << ERR_MEMORY) >> err->kind & 1 && err->msg[0] : false;
    if (result == 0 || fine)
        return;
    snprintf(what, sizeof what, "%s: allocation %ld%s fails: kind %d: %s", row->name, n,
             starve_lasts ? " and all later" : "", err->kind, err->msg);
    check_report(__FILE__, __LINE__, what);
}

static inline void starve_run(const struct starve_row *row)
{
    for (int lasts = 0; lasts < 2; lasts++) {
        long n = 0;
        for (; n < STARVE_MOST; n++) {
            struct err err = {0};
            starve_lasts = lasts;
            starve_hit = false;
            starve_left = n;
            int result = row->fn(&err);
            starve_left = -1;
            starve_check(row, n, result, &err);
            if (!starve_hit)
                break;
        }
        CHECK(n > 0 && n < STARVE_MOST);
    }
}
