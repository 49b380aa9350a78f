/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/headers.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/base64.h"

#define ROOT_FORM   "1-hhhhhhhh-hhhhhhhhhhhhhhhhhhhhhhhh"
#define PARENT_FORM "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh"
#define TRACE_AT    3 /* the trace id in a traceparent, 32 digits */
#define SPAN_AT     36
#define FLAGS_AT    53

static const char digits[] = "0123456789abcdefABCDEF";

/* Whether text starts as form does, where an h stands for a hexadecimal digit. */
static bool has_form(const char *text, const char *form)
{
    for (; *form; form++, text++)
        if (!*text || (*form == 'h' ? !strchr(digits, *text) : *form != *text))
            return false;
    return true;
}

/* Members in any order, "Root=" among them, of characters that are plain. */
static bool is_trace(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "=;:_.|/+-";
    if (strlen(text) > GATEWAY_TRACE_MAX || text[strspn(text, plain)])
        return false;
    for (const char *at = text; at; at = strchr(at, ';')) {
        at += *at == ';';
        if (strncmp(at, "Root=", 5) == 0)
            return has_form(at + 5, ROOT_FORM) && strcspn(at, ";") == 4 + sizeof ROOT_FORM;
    }
    return false;
}

void headers_trace(const char *amzn, const char *traceparent,
                   char out[static GATEWAY_TRACE_MAX + 1])
{
    static const char nothing[] = "00000000000000000000000000000000";
    out[0] = '\0';
    if (amzn && is_trace(amzn)) {
        snprintf(out, GATEWAY_TRACE_MAX + 1, "%s", amzn);
        return;
    }
    if (!traceparent || !has_form(traceparent, PARENT_FORM) ||
        strlen(traceparent) != sizeof PARENT_FORM - 1)
        return;
    const char *trace = traceparent + TRACE_AT, *span = traceparent + SPAN_AT;
    if (strncmp(trace, nothing, 32) == 0 || strncmp(span, nothing, 16) == 0)
        return;
    /* the last bit; digits of either case have it in their place too */
    int sampled = (int)(strchr(digits, traceparent[FLAGS_AT + 1]) - digits) & 1;
    snprintf(out, GATEWAY_TRACE_MAX + 1, "Root=1-%.8s-%.24s;Parent=%.16s;Sampled=%d", trace,
             trace + 8, span, sampled);
}

char *headers_client_context(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > GATEWAY_CONTEXT_MAX)
        return NULL;
    AUTO_FREE char *out = malloc(len / 4 * 3 + 4);
    long n = out ? base64_decode(text, len, out) : -1;
    if (n <= 0 || memchr(out, '\0', (size_t)n))
        return NULL;
    out[n] = '\0';
    for (char *p = out; *p; p++) /* in JSON they stand between values only */
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    return TAKE(out);
}
