/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/options.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/limits.h"

const char options_usage[] =
    "usage: gateway [--port N] [--bootstrap FILE] [HANDLER]\n"
    "\n"
    "Answers HTTP POST with a Lambda function's answer.\n"
    "\n"
    "  --port N          listens there, on all addresses (else PORT, else 8080; 0: any free one)\n"
    "  --bootstrap FILE  the function's runtime (else the one beside this program)\n"
    "  HANDLER           what the runtime gets as _HANDLER (else that variable)\n"
    "\n"
    "POST /PATH                                   the body is the event: 200, 500, 502 or 504\n"
    "POST /2015-03-31/functions/NAME/invocations  the same as AWS's emulator answers: 200\n"
    "GET /health                                  200 when the function is ready, else 503\n"
    "\n"
    "AWS_LAMBDA_FUNCTION_TIMEOUT is an event's time in seconds (300).\n";

static int read_port(struct options *o, const char *text, const char *what, struct err *err)
{
    unsigned long port = 0;
    size_t len = strlen(text);
    if (len > 0 && len <= 5 && strspn(text, "0123456789") == len)
        port = strtoul(text, NULL, 10);
    else
        port = UINT16_MAX + 1ul;
    if (port > UINT16_MAX)
        return err_set(err, ERR_USAGE, "%s '%.40s' is no port: a number up to 65535", what, text);
    o->port = (uint16_t)port;
    return 0;
}

static int set_port(struct options *o, const char *text, struct err *err)
{
    return read_port(o, text, "--port", err);
}

static int set_bootstrap(struct options *o, const char *text, struct err *err)
{
    if (!*text)
        return err_set(err, ERR_USAGE, "--bootstrap names no file");
    o->bootstrap = text;
    return 0;
}

static const struct {
    const char *name;
    int (*set)(struct options *o, const char *text, struct err *err);
} rows[] = {
    {"--port", set_port},
    {"--bootstrap", set_bootstrap},
};

/* Takes the option at *at and its value, behind '=' or as the next word. */
static int take_option(struct options *o, char *const **at, struct err *err)
{
    const char *word = **at;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].name);
        if (strncmp(word, rows[i].name, len) != 0 || (word[len] && word[len] != '='))
            continue;
        const char *value = word[len] ? word + len + 1 : *++*at;
        if (!value)
            return err_set(err, ERR_USAGE, "%s needs a value", rows[i].name);
        return rows[i].set(o, value, err);
    }
    return err_set(err, ERR_USAGE, "unknown option '%.80s': see gateway --help", word);
}

static int take_handler(struct options *o, const char *text, struct err *err)
{
    if (strlen(text) > GATEWAY_HANDLER_MAX)
        return err_set(err, ERR_USAGE, "the handler's name is longer than %d bytes: '%.40s...'",
                       GATEWAY_HANDLER_MAX, text);
    o->handler = text;
    return 0;
}

/* Seconds with at most a fraction: no sign, no exponent, nothing that a locale decides. */
static int read_timeout(struct options *o, const char *text, struct err *err)
{
    int64_t ms = 0, unit = 1000;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && ms <= GATEWAY_TIMEOUT_MAX_MS; p++)
        ms = ms * 10 + (*p - '0') * 1000;
    bool whole = p != text;
    if (whole && *p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++)
            ms += (*p - '0') * (unit /= 10);
    if (!whole || *p || ms < GATEWAY_TIMEOUT_MIN_MS || ms > GATEWAY_TIMEOUT_MAX_MS)
        return err_set(err, ERR_USAGE,
                       "AWS_LAMBDA_FUNCTION_TIMEOUT '%.40s' is no time in seconds from 0.05 to %d",
                       text, GATEWAY_TIMEOUT_MAX_MS / 1000);
    o->timeout_ms = ms;
    return 0;
}

static int read_environment(struct options *o, char *(*get)(const char *name), struct err *err)
{
    const char *port = get("PORT"), *handler = get("_HANDLER");
    const char *timeout = get("AWS_LAMBDA_FUNCTION_TIMEOUT");
    if (port && *port && read_port(o, port, "PORT", err) < 0)
        return -1;
    if (handler && *handler && take_handler(o, handler, err) < 0)
        return -1;
    return timeout && *timeout ? read_timeout(o, timeout, err) : 0;
}

int options_read(struct options *o, char *const *argv, char *(*get)(const char *name),
                 struct err *err)
{
    const char *handler = NULL;
    *o = (struct options){.port = 8080, .timeout_ms = GATEWAY_TIMEOUT_MS};
    if (read_environment(o, get, err) < 0)
        return -1;
    for (char *const *at = *argv ? argv + 1 : argv; *at; at++) {
        if (strcmp(*at, "--help") == 0 || strcmp(*at, "-h") == 0) {
            o->help = true;
            return 0;
        }
        if (**at == '-') {
            if (take_option(o, &at, err) < 0)
                return -1;
        } else if (handler) {
            return err_set(err, ERR_USAGE, "two handlers, '%.80s' and '%.80s': one can run",
                           handler, *at);
        } else if (take_handler(o, handler = *at, err) < 0) {
            return -1;
        }
    }
    return 0;
}
