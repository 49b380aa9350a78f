/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LINE_ON_STACK 2048

static const char *const level_names[] = {
    [LAMBDA_TRACE] = "TRACE", [LAMBDA_DEBUG] = "DEBUG", [LAMBDA_INFO] = "INFO",
    [LAMBDA_WARN] = "WARN",   [LAMBDA_ERROR] = "ERROR", [LAMBDA_FATAL] = "FATAL",
};

static enum lambda_level log_level = LAMBDA_INFO;

void log_set_level(enum lambda_level level)
{
    log_level = level;
}

int log_parse_level(const char *text, enum lambda_level *out)
{
    for (unsigned i = LAMBDA_TRACE; i <= LAMBDA_FATAL; i++) {
        if (strcasecmp(text, level_names[i]) != 0)
            continue;
        *out = (enum lambda_level)i;
        return 0;
    }
    return -1;
}

static void put_digits(char *out, int64_t value, int digits)
{
    while (digits-- > 0) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* The civil calendar by arithmetic (era of 400 years that starts in March): gmtime_r would read the
 * time zone's file, and may not be called from a signal handler. */
void log_time(char out[LOG_TIME_LEN])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t days = now.tv_sec / 86400, second = now.tv_sec % 86400;
    int64_t from_march_0000 = days + 719468;
    int64_t era = from_march_0000 / 146097, day_of_era = from_march_0000 % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);

    memcpy(out, "0000-00-00T00:00:00.000Z", LOG_TIME_LEN);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, second / 3600, 2);
    put_digits(out + 14, second / 60 % 60, 2);
    put_digits(out + 17, second % 60, 2);
    put_digits(out + 20, now.tv_nsec / 1000000, 3);
}

/* A program that shares the stream may have made it non-blocking: a line waits all the same. */
static bool await_room(void)
{
    struct pollfd stream = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&stream, 1, -1) > 0 || errno == EINTR;
}

static void write_all(const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(STDERR_FILENO, bytes, len);
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && await_room())))
            continue;
        if (n <= 0)
            return; /* there is nowhere left to complain */
        bytes += n;
        len -= (size_t)n;
    }
}

/* What stands before the text; gives its length. cap is large enough for it without the id. */
static size_t put_prefix(char *line, size_t cap, enum lambda_level level, const char *request_id)
{
    char time[LOG_TIME_LEN];
    log_time(time);
    int n = snprintf(line, cap, "%.*s\t%.128s\t%s\t", LOG_TIME_LEN, time,
                     request_id && *request_id ? request_id : "-", level_names[level]);
    return n < 0 ? 0 : (size_t)n;
}

static void end_line(char *line, size_t from, size_t end)
{
    for (char *p = line + from; (p = memchr(p, '\n', (size_t)(line + end - p)));)
        *p = '\r';
    line[end] = '\n';
    write_all(line, end + 1);
}

void log_linev(enum lambda_level level, const char *request_id, const char *fmt, va_list args)
{
    if (level < log_level || level > LAMBDA_FATAL)
        return;
    int saved = errno;
    char small[LINE_ON_STACK];
    size_t from = put_prefix(small, sizeof small, level, request_id);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(small + from, sizeof small - from, fmt, args);
    size_t end = from + (len < 0 ? 0 : (size_t)len);
    if (end < sizeof small) {
        end_line(small, from, end);
    } else {
        size_t most = end < LOG_LINE_MAX - 1 ? end : LOG_LINE_MAX - 1;
        AUTO_FREE char *large = malloc(most + 1);
        if (large) {
            memcpy(large, small, from);
            vsnprintf(large + from, most + 1 - from, fmt, again);
            end_line(large, from, most);
        } else {
            end_line(small, from, sizeof small - 1);
        }
    }
    va_end(again);
    errno = saved;
}

void log_line(enum lambda_level level, const char *request_id, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_linev(level, request_id, fmt, args);
    va_end(args);
}
