/* SPDX-License-Identifier: Apache-2.0 */
#include "core/failure.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "core/report.h"

static const char default_type[] = "Function.HandlerFailed";

/* Behind a print of len bytes into a text of at most max: drops what is left of a character that
 * was cut. */
static void end_text(char *text, int len, size_t max)
{
    if (len < 0)
        text[0] = '\0';
    if (len <= (int)max)
        return;
    size_t whole = utf8_valid_prefix(text, max);
    if (max - whole < 4)
        text[whole] = '\0';
}

int failure_setv(struct failure *f, const char *type, const char *fmt, va_list args)
{
    f->set = true;
    int len = snprintf(f->type, sizeof f->type, "%s", type && *type ? type : default_type);
    end_text(f->type, len, FAILURE_TYPE_MAX);
    len = vsnprintf(f->message, sizeof f->message, fmt, args);
    end_text(f->message, len, FAILURE_MESSAGE_MAX);
    return -1;
}

int failure_set(struct failure *f, const char *type, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    failure_setv(f, type, fmt, args);
    va_end(args);
    return -1;
}

static void add_member(struct buf *out, const char *key, const char *text)
{
    buf_adds(out, key);
    buf_add_json_string(out, text, strlen(text));
}

static const char *type_of(const struct failure *f)
{
    return f->set ? f->type : default_type;
}

static const char *message_of(const struct failure *f)
{
    return f->set ? f->message : "the handler failed";
}

int failure_print(const struct failure *f, const char *request_id, struct buf *out, struct err *err)
{
    add_member(out, "{\"errorMessage\":", message_of(f));
    add_member(out, ",\"errorType\":", type_of(f));
    buf_adds(out, ",\"stackTrace\":[]");
    if (request_id)
        add_member(out, ",\"requestId\":", request_id);
    buf_addc(out, '}');
    return buf_check(out, "an error document", err);
}

const char *failure_print_cause(const struct failure *f, struct buf *out)
{
    char folder[FAILURE_FOLDER_MAX];
    struct report r = {buf_reserve(out, FAILURE_CAUSE_MAX), 0, FAILURE_CAUSE_MAX, false};
    if (!r.text)
        return NULL;
    report_text(&r, "{\"working_directory\":");
    const char *here = getcwd(folder, sizeof folder) ? folder : "";
    report_json(&r, here, strlen(here));
    report_text(&r, ",\"exceptions\":[{\"type\":");
    report_json(&r, type_of(f), strlen(type_of(f)));
    report_text(&r, ",\"message\":");
    report_json(&r, message_of(f), strlen(message_of(f)));
    report_put(&r, ",\"stack\":[]}],\"paths\":[]}", sizeof ",\"stack\":[]}],\"paths\":[]}");
    return r.cut ? NULL : r.text;
}

/* A capital letter and letters behind it. */
static bool is_category(const char *text)
{
    if (*text < 'A' || *text > 'Z')
        return false;
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return len >= 2 && text[len] == '\0';
}

void failure_category(const char *type, char out[FAILURE_CATEGORY_MAX + 1])
{
    bool whole = (strncmp(type, "Function.", 9) == 0 && is_category(type + 9)) ||
                 (strncmp(type, "Runtime.", 8) == 0 && is_category(type + 8));
    if (whole)
        snprintf(out, FAILURE_CATEGORY_MAX + 1, "%s", type);
    else if (is_category(type))
        snprintf(out, FAILURE_CATEGORY_MAX + 1, "Function.%s", type);
    else
        snprintf(out, FAILURE_CATEGORY_MAX + 1, "%s", default_type);
}
